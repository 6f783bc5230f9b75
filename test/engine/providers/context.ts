import type { CreateContext } from "../../../engine/providers/provider";

/** A step's context that keeps what was logged. */
export interface TestContext extends CreateContext {
  logs: { severity: string; text: string; ephemeral: boolean }[];
  abort: AbortController;
}

export function context(
  name: string,
  type: string,
  change: Partial<CreateContext> = {},
): TestContext {
  const abort = new AbortController();
  const logs: TestContext["logs"] = [];
  return {
    urn: `urn:pulumi:dev::test::${type}::${name}`,
    preview: false,
    signal: abort.signal,
    log: (severity, text, ephemeral = false) => logs.push({ severity, text, ephemeral }),
    ...change,
    logs,
    abort,
  };
}
