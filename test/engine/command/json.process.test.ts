import { TestProject } from "../project";
import { npmRun, type Said } from "./npm-run";

jest.setTimeout(120_000);
let project: TestProject;
beforeEach(async () => {
  project = await TestProject.make(
    `
    import * as command from "@pulumi/command";
    const stdin = pulumi.secret("leakysecretvalue");
    const hi = new command.local.Command("hi", { create: "(echo err $(cat)) >&2", stdin });
    hi.urn.apply(() => console.log("said", "leakysecretvalue"));
    pulumi.log.warn("careful");
    export const err = hi.stderr;
  `,
    { "p:plain": "x", "p:deep": { a: [1] } },
  );
});
afterEach(() => project.dispose());

const run = (...args: string[]): Promise<Said> => npmRun(project, [...args, "--stack", "dev"]);
const stackUrn = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev";
const urn = "urn:pulumi:dev::p::command:local:Command::hi";

interface Line {
  sequence: number;
  timestamp: number;
  [event: string]: unknown;
}
interface Metadata {
  metadata: { op: string; urn: string; new?: { id: string; outputs: object } };
}

/** The lines of an event stream; each has a sequence number and a time. */
function linesOf(text: string): Line[] {
  const lines = text.trimEnd().split("\n");
  return lines.map((line, i) => {
    const event = JSON.parse(line) as Line;
    expect(event.sequence).toBe(i);
    expect(Math.abs(event.timestamp - Date.now() / 1000)).toBeLessThan(60);
    return event;
  });
}

/** `resourcePreEvent create hi`... */
const steps = (lines: Line[]): string[] =>
  lines.flatMap((line) => {
    const name = Object.keys(line)[2] ?? "";
    const { metadata } = line[name] as Partial<Metadata>;
    return metadata ? [`${name} ${metadata.op} ${metadata.urn.split("::").at(-1)}`] : [];
  });

test("a preview is one document, in the CLI's shape, its configuration first", async () => {
  await run("config", "set", "--secret", "token", "t0ken");
  const { stdout } = await run("preview", "--json");
  expect(stdout).not.toContain("leakysecretvalue");
  const digest = JSON.parse(stdout) as {
    steps: { op: string; urn: string; newState: object }[];
  };
  expect(Object.keys(digest)).toEqual([
    ...["config", "steps", "diagnostics", "duration", "changeSummary"],
  ]);
  expect(digest).toMatchObject({
    config: { "p:deep": '{"a":[1]}', "p:plain": "x", "p:token": "[secret]" },
    diagnostics: [
      { message: "warning: careful\n", severity: "warning" },
      { message: "said [secret]\n", severity: "info" },
    ],
    changeSummary: { create: 2 },
  });
  expect(digest.steps.map((step) => [step.op, step.urn])).toEqual([
    ["create", stackUrn],
    ["create", urn],
  ]);
  expect(digest.steps[1]?.newState).toMatchObject({
    custom: true,
    inputs: { create: "(echo err $(cat)) >&2", stdin: "[secret]" },
  });
});

test("what is done is a stream of the CLI's events, after the preview's document; secrets are hidden in both", async () => {
  const { stdout, code } = await run("up", "--yes", "--json");
  expect(code).toBe(0);
  expect(stdout).not.toContain("leakysecretvalue");
  const [document = "", ...rest] = stdout.split(/(?<=^}\n)/m);
  expect(JSON.parse(document)).toMatchObject({ changeSummary: { create: 2 } });

  const lines = linesOf(rest.join(""));
  expect(lines[0]).toMatchObject({
    preludeEvent: { config: { "p:deep": '{"a":[1]}', "p:plain": "x" } },
  });
  expect(steps(lines)).toEqual([
    "resourcePreEvent create p-dev",
    "resourcePreEvent create hi",
    "resOutputsEvent create hi",
    "resOutputsEvent create p-dev",
  ]);
  const find = (name: string, of: string): Metadata["metadata"] | undefined =>
    lines
      .map((line) => (line[name] as Partial<Metadata> | undefined)?.metadata)
      .find((metadata) => metadata?.urn === of);
  const provider = expect.stringMatching(/::default_1_2_1::/) as unknown;
  const sealed = {
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    ciphertext: "[secret]",
  };
  const inputs = { create: "(echo err $(cat)) >&2", stdin: sealed };
  expect(find("resOutputsEvent", urn)).toEqual({
    ...{ op: "create", urn, type: "command:local:Command", old: null },
    new: {
      ...{ type: "command:local:Command", urn, custom: true },
      id: expect.stringMatching(/./) as unknown,
      ...{ parent: stackUrn, inputs, provider },
      outputs: { ...inputs, stderr: "err [secret]", stdout: "" },
    },
    ...{ detailedDiff: null, logical: true, provider },
  });
  expect(find("resourcePreEvent", urn)?.new).toMatchObject({ id: "", outputs: {} });
  expect(find("resOutputsEvent", stackUrn)?.new?.outputs).toEqual({ err: "err [secret]" });
  expect(lines.map((line) => line["diagnosticEvent"])).toEqual(
    expect.arrayContaining([
      { message: "said [secret]\n", color: "never", severity: "info" },
      { prefix: "warning: ", message: "careful\n", color: "never", severity: "warning" },
      { urn, message: "err [secret]\n", color: "never", severity: "info", ephemeral: true },
    ]),
  );
  expect(lines.slice(-2)).toMatchObject([
    {
      summaryEvent: {
        maybeCorrupt: false,
        resourceChanges: { create: 2 },
        PolicyPacks: {},
        isPreview: false,
      },
    },
    { cancelEvent: {} },
  ]);

  const refreshed = linesOf((await run("refresh", "-yfj")).stdout);
  expect(steps(refreshed)).toEqual([
    "resourcePreEvent refresh p-dev",
    "resOutputsEvent same p-dev",
    "resourcePreEvent refresh hi",
    "resOutputsEvent same hi",
  ]);
  const destroyed = linesOf((await run("destroy", "-yfj")).stdout);
  expect(steps(destroyed)).toEqual([
    "resourcePreEvent delete hi",
    "resOutputsEvent delete hi",
    "resourcePreEvent delete p-dev",
    "resOutputsEvent delete p-dev",
  ]);
  expect(JSON.stringify([refreshed, destroyed])).not.toContain("leakysecretvalue");
});

test("a step that fails is an event of its own, and the last diagnostic says that the update did", async () => {
  project.program(`
    import * as command from "@pulumi/command";
    new command.local.Command("hi", { create: "echo out; false" });
  `);
  const { stdout, stderr, code } = await run("up", "-yfj");
  expect(code).toBe(1);
  expect(stderr).toMatch(/^Engine: embedded, state in [^\n]*\n$/);
  const lines = linesOf(stdout);
  expect(steps(lines)).toContain("resOpFailedEvent create hi");
  const told = lines.flatMap(({ diagnosticEvent }) => diagnosticEvent ?? []) as object[];
  expect(told.at(-1)).toEqual({
    prefix: "error: ",
    message: "update failed\n",
    color: "never",
    severity: "error",
  });
});
