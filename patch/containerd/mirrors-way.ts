import { type Plan } from "../plan";
import { Refusal } from "../problem";
import { judged } from "../toml/judged";
import { type CriConfig } from "./config";
import { isPlain } from "./endpoint";
import { mirrorStep } from "./mirrors";
import { type ContainerdInput, type WantedHost } from "./plan";

/** The plan for a file that uses `registry.mirrors`: everything goes there, no other file is touched. */
export function planMirrors(
  input: ContainerdInput,
  config: CriConfig,
  wanted: readonly WantedHost[],
): Plan {
  const special = wanted.filter(({ endpoints }) => !endpoints.every(isPlain));
  if (special.length > 0) {
    const { document, registry } = config;
    throw new Refusal(
      special.map(({ host }) =>
        document.source.problem(document.offsetOf([...registry, "mirrors"]) ?? 0, {
          expected: `plain URLs for ${host}, since mirrors can say no more`,
          found: "certificates, skipVerify, overridePath or capabilities in the settings",
          fix: "set migrate: true, which moves mirrors to hosts.toml files, or leave these settings out",
        }),
      ),
    );
  }
  const steps = wanted.map(({ host, endpoints }) =>
    mirrorStep(
      config,
      host,
      endpoints.map(({ url }) => url),
    ),
  );
  const file = judged(
    config.document,
    input.bytes,
    steps.flatMap(({ edits }) => edits),
    steps.flatMap(({ changes }) => changes),
  );
  return {
    files: [file],
    notes: steps.flatMap(({ notes }) => notes),
    activate: file.edits.length > 0 ? "restart" : "none",
  };
}
