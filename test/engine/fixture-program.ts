import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, type RunOptions, type RunResult } from "../../engine/operation";
import { Workspace, type Stack } from "../../engine/stack";
import type { ResourceState } from "../../engine/state/resource";
import type { EngineEvent } from "../../engine/steps/events";
import { parseCheckpoint } from "../../engine/state/checkpoint";
import { Crypter } from "../../engine/secrets/passphrase";
import { isSecret, transform, type PropertyMap } from "../../engine/values/property";
import type { Props } from "../../engine/providers/provider";
import { shape } from "./providers/fixture";

const FIXTURE = join(__dirname, "..", "fixtures", "state");
/** The host that the real CLI ran the program against. */
export const FIXTURE_HOST = "10.77.0.2";

/** The fixture's program with the fixture's stack, in a folder of its own, run by the embedded engine with its real providers. */
export class FixtureProgram {
  readonly folder = mkdtempSync(join(tmpdir(), "fixture-"));
  private readonly env = { PULUMI_CONFIG_PASSPHRASE: "fixture", PULUMI_HOME: "/nonexistent" };

  /** @param host  stands where the program has the fixture's host; nothing else of it is changed */
  constructor(host = FIXTURE_HOST) {
    for (const file of ["Pulumi.yaml", "Pulumi.dev.yaml"])
      copyFileSync(join(FIXTURE, file), join(this.folder, file));
    const program = readFileSync(join(FIXTURE, "index.ts"), "utf8");
    this.write("index.ts", program.replaceAll(FIXTURE_HOST, host));
    this.write("package.json", '{"name": "fixture", "main": "index.ts"}');
    symlinkSync(join(__dirname, "../../node_modules"), join(this.folder, "node_modules"));
  }

  /** `lab_id`, the private key that the program reads. */
  set privateKey(text: string) {
    writeFileSync(join(this.folder, "lab_id"), text, { mode: 0o600 });
  }

  /** An empty stack. */
  create(): Promise<void> {
    return this.workspace().create("dev");
  }

  /** The stack as the real CLI left it. */
  adopt(): void {
    const file = this.workspace().backend.stackFile("fixture", "dev");
    mkdirSync(dirname(file), { recursive: true });
    copyFileSync(join(FIXTURE, "dev.json"), file);
  }

  stack(): Promise<Stack> {
    return this.workspace().load();
  }

  async resources(): Promise<ResourceState[]> {
    return (await this.stack()).state().snapshot.resources;
  }

  async run(options: Pick<RunOptions, "kind" | "preview" | "refresh">): Promise<Told> {
    const messages: string[] = [];
    const sink = (event: EngineEvent): void => {
      if (event.kind === "message" && ["warning", "error"].includes(event.severity))
        messages.push(`${event.severity}: ${event.text}`);
    };
    return { ...(await run(await this.stack(), { ...options, sink })), messages };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private workspace(): Workspace {
    return Workspace.open({ folder: this.folder, stack: "dev", env: this.env });
  }

  private write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }
}

/** `messages`: warnings and errors. */
type Told = RunResult & { messages: string[] };

/** The resources of the stack that the real CLI wrote. */
export async function fixtureResources(): Promise<ResourceState[]> {
  const file = join(FIXTURE, "dev.json");
  const raw = parseCheckpoint(readFileSync(file, "utf8"), file);
  return raw.open(await Crypter.open("fixture", raw.salt ?? "")).snapshot.resources;
}

/**
 * Resources by URN, all that is in them: secrets open and marked as such; ids, times and what a host makes up each replaced by
 * what it is; places in the source as far as they are the program's own, since other lines are the SDK's.
 */
export function comparable(resources: readonly ResourceState[]): Record<string, unknown> {
  return Object.fromEntries(resources.map((resource) => [resource.urn, withoutChance(resource)]));
}

function withoutChance(resource: ResourceState): unknown {
  const { sourcePosition, stackTrace, inputs, outputs, ...rest } = resource;
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/;
  const plain = Object.entries(rest).map(([field, value]) => {
    if (typeof value !== "string") return [field, value];
    if (field === "id" || field === "provider") return [field, withoutIds(value)];
    return [field, time.test(value) ? "(time)" : value];
  });
  return {
    ...(Object.fromEntries(plain) as object),
    inputs: marked(inputs),
    outputs: marked(outputs),
    place: inProgram(sourcePosition),
    places: stackTrace.flatMap((frame) => inProgram(frame.sourcePosition) ?? []),
  };
}

function withoutIds(text: string): string {
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/, "(uuid)")
    .replace(/[0-9a-f]{64}/, "(hash)")
    .replace(/[0-9a-f]{8}$/, "(random)");
}

const marked = (values: PropertyMap): unknown =>
  shape(
    transform(values, (v) =>
      isSecret(v) ? { "(secret)": marked({ of: v.value }) as PropertyMap } : undefined,
    ) as PropertyMap as Props,
  );

const inProgram = (place: string | undefined): string | undefined =>
  place?.startsWith("project:///index.ts#") ? place : undefined;
