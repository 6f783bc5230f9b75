import { Display, type DisplayOptions } from "../../../engine/display/display";
import type { RunResult } from "../../../engine/operation";
import { Redactor } from "../../../engine/secrets/redact";
import type { EngineEvent } from "../../../engine/steps/events";
import { begin, commandOf, component, done, failed, outputs, says, whole } from "./steps";

const mirror = component("a:index:ContainerdMirror", "node01");
const guard = commandOf("node01-containerd-guard", mirror);
const apply = commandOf("node01-containerd-apply", mirror);
const DIFF =
  "node01: drift on the host\n--- /etc/a\tlive\n+++ /etc/a\tdesired\n@@ -1,1 +1,2 @@\n a\n+b\n";

let text: string;
const result = (parts: Partial<RunResult> = {}): RunResult => ({
  outcome: "succeeded",
  changes: { update: 1, same: 2 },
  errored: new Set(),
  nothingToDo: false,
  outputs: {},
  oldOutputs: {},
  seconds: 3.2,
  ...parts,
});

function display(options: Partial<DisplayOptions>, events: EngineEvent[] = []): Display {
  text = "";
  const out = { write: (piece: string) => (text += piece) };
  const shown = new Display({
    preview: false,
    diff: false,
    redactor: new Redactor(),
    out,
    ...options,
  });
  events.forEach((event) => shown.sink(event));
  return shown;
}
/** What was written, times left out. */
const written = (): string => text.replace(/\d+\.\d\ds/g, "Ns");

const REPAIR = [
  ...whole("same", mirror),
  ...whole("same", guard),
  says(DIFF, mirror, { severity: "warning" }),
  ...whole("update", apply),
];

test("a preview is a line for each host and step, with why, and the lines that change below it", () => {
  display({ preview: true }, REPAIR).finish(result());
  expect(text).toBe(
    ` ~  node01: containerd mirror update: drift on the host
      /etc/a, line 2:
      +b
Resources: ~ 1 to update, 2 unchanged

`,
  );
});

test("on a terminal with colours, lines that come are green, and lines that go red", () => {
  const removal = says(
    "node01: left\n--- /etc/a\tlive\n+++ /etc/a\tdesired\n@@ -1 +1 @@\n-a\n+b",
    mirror,
  );
  display({ preview: true, color: "always" }, [removal, ...whole("update", apply)]).finish(
    result(),
  );
  expect(text).toContain("      \x1b[31m-a\x1b[0m\n      \x1b[32m+b\x1b[0m\n");
});

test("what the preview said is not said again by the update; what is new is", () => {
  const preview = display({ preview: true }, REPAIR);
  display({ alreadyShown: preview.said }, [
    ...REPAIR,
    outputs("same", mirror),
    says("node01: something new", mirror),
  ]).finish(result());
  expect(written()).toBe(
    ` ~  node01: containerd mirror updated (Ns)
    node01: containerd mirror: something new
Resources: ~ 1 updated, 2 unchanged. Duration: 4s

`,
  );
});

test("the details of a preview are its whole diffs, and each resource with its URN", () => {
  const preview = display({ preview: true }, REPAIR);
  preview.finish(result());
  text = "";
  preview.details();
  expect(text).toBe(
    ` ~  node01: containerd mirror update: drift on the host
      --- /etc/a	live
      +++ /etc/a	desired
      @@ -1,1 +1,2 @@
       a
      +b
      ~  command:local:Command node01-containerd-apply update
        [urn=${apply.urn}]

`,
  );
  display({ preview: true, diff: true }, REPAIR).finish(result());
  expect(text).toContain(
    "      @@ -1,1 +1,2 @@\n       a\n      +b\n      ~  command:local:Command",
  );
});

test("a step is shown once: when the program has said what came out of the component", () => {
  const shown = display({}, [...whole("create", mirror), ...whole("create", guard)]);
  expect(text).toBe("");
  shown.sink(says("progress", guard, { ephemeral: true }));
  [begin("create", apply), done("create", apply), outputs("create", mirror)].forEach(shown.sink);
  expect(written()).toBe(" +  node01: containerd mirror created (Ns)\n");
});

test("a failure is shown at once, with its error, and what follows below the same name", () => {
  const error = says("exit code 1\nno space", apply, { severity: "error" });
  const shown = display({}, [
    ...whole("create", mirror),
    begin("create", apply),
    error,
    failed("create", apply),
  ]);
  expect(text).toBe(
    " +  node01: containerd mirror **creating failed**\n      error: exit code 1\n      no space\n",
  );
  shown.finish(result({ changes: {}, errored: new Set([apply.urn]), outcome: "failed" }));
  expect(text.split("\n")).toHaveLength(6);
  expect(text).toContain("Resources: 1 errored (node01: containerd mirror). Duration: 4s\n");
});

test("a destroy shows a component once it is gone, with what its parts said last", () => {
  const told = says("our lines taken out", guard, { ephemeral: true });
  display({}, [
    ...whole("delete", apply),
    begin("delete", guard),
    told,
    done("delete", guard),
    ...whole("delete", mirror),
  ]).finish(result({ changes: { delete: 3 } }));
  expect(written()).toBe(
    " -  node01: containerd mirror deleted (Ns)\n      our lines taken out\nResources: - 3 deleted. Duration: 4s\n\n",
  );
});

test("a refresh that changes nothing is no line, and one that finds a change is one also in a preview", () => {
  display({ preview: true }, [
    begin("refresh", guard),
    done("update", guard),
    begin("refresh", apply),
    done("same", apply),
  ]).finish(result({ changes: { update: 1 } }));
  expect(text).toBe(" ~  node01: containerd mirror update\nResources: ~ 1 to update\n\n");
});

test("what a run breaks off in the middle of is shown all the same", () => {
  const warning = says("node01: no route", mirror, { severity: "warning" });
  const shown = display({ preview: true }, [...whole("same", mirror), warning]);
  expect(text).toBe("");
  shown.flush();
  expect(text).toBe("    node01: containerd mirror: warning: no route\n");
});

test("hosts that need the same lines have them once, below the first; the details show them for each", () => {
  const nodes = ["node01", "node02", "node03"].map((name) =>
    component("a:index:ContainerdMirror", name),
  );
  const drift = (name: string) => DIFF.replace("node01", name).replace("+b", "+c");
  const events = nodes.flatMap((node, at) => [
    says(at === 2 ? drift("node03") : DIFF.replace("node01", `node0${at + 1}`), node),
    ...whole("update", commandOf(`node0${at + 1}-apply`, node)),
  ]);
  const shown = display({ preview: true }, events);
  shown.finish(result());
  expect(text).toBe(
    ` ~  node01: containerd mirror update: drift on the host
      /etc/a, line 2:
      +b
 ~  node02: containerd mirror update: drift on the host, the same lines as node01
 ~  node03: containerd mirror update: drift on the host
      /etc/a, line 2:
      +c
Resources: ~ 1 to update, 2 unchanged

`,
  );
  text = "";
  shown.details();
  expect(text.match(/^ {6}\+b$/gm)).toHaveLength(2);
});

test("a warning is called one, also where it stands in the line of what is done", () => {
  const warning = says("node01: the registry will be empty", mirror, { severity: "warning" });
  display({ preview: true }, [warning, ...whole("update", apply)]).flush();
  expect(text).toBe(" ~  node01: containerd mirror update: warning: the registry will be empty\n");
});

test("a summary names the rows that failed, the first of many", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `node0${i + 1}`);
  const run = (count: number) => {
    const nodes = names(count).map((name) => component("a:index:ContainerdMirror", name));
    const shown = display(
      {},
      nodes.flatMap((node, i) => [
        ...whole("same", node),
        failed("update", commandOf(`node0${i + 1}-apply`, node)),
      ]),
    );
    const errored = nodes.map((node, i) => commandOf(`node0${i + 1}-apply`, node).urn);
    errored.push("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev");
    shown.finish(result({ changes: {}, outcome: "failed", errored: new Set(errored) }));
    return text.split("\n").at(-3);
  };
  expect(run(0)).toBe("Resources: 1 errored. Duration: 4s");
  expect(run(1)).toBe("Resources: 1 errored (node01: containerd mirror). Duration: 4s");
  expect(run(6)).toBe(
    "Resources: 6 errored (node01: containerd mirror, node02: containerd mirror, " +
      "node03: containerd mirror, node04: containerd mirror, 2 more). Duration: 4s",
  );
});

test("the outputs stand at the end: whole where they are new, with no more than their keys where they are not", () => {
  const nodes = { node01: { role: "worker" }, node02: { role: "worker" } };
  const now = { url: "http://a:5000", nodes };
  display({}).finish(result({ outputs: now, oldOutputs: {}, changes: { same: 1 } }));
  expect(text).toContain('    nodes: {\n        node01: {\n            role: "worker"\n');
  display({}).finish(result({ outputs: now, oldOutputs: now, changes: { same: 1 } }));
  expect(text).toBe(
    'Outputs:\n    nodes: { node01, node02 } (unchanged)\n    url: "http://a:5000"\nResources: 1 unchanged. Duration: 4s\n\n',
  );
  display({ preview: true }).finish(
    result({ outputs: now, oldOutputs: now, changes: { same: 1 } }),
  );
  expect(text).toBe("Resources: 1 unchanged\n\n");
  display({ outputs: false }).finish(result({ outputs: now }));
  expect(text).not.toContain("Outputs:");
});

test("progress of the whole run goes to the other stream, and not into the log", () => {
  let progress = "";
  const err = { write: (piece: string) => (progress += piece) };
  display({ err }, [
    { kind: "message", severity: "info", text: "batch 2 of 3\n", urn: "", ephemeral: true },
    { kind: "message", severity: "info", text: "what stays", urn: "", ephemeral: false },
  ]);
  expect(progress).toBe("batch 2 of 3\n");
  expect(text).toBe("      what stays\n");
});
