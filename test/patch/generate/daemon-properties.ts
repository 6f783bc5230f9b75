import type * as patch from "../../../patch";
import { isCrlf } from "./config-properties";
import { type DaemonCase } from "./daemon-json";

/** The patcher under test: the real one, or one with a bug. */
export type DaemonPatcher = Pick<
  typeof patch,
  "fileDiff" | "planDaemonJson" | "hunks" | "revert" | "Refusal"
>;

const PATH = "/etc/docker/daemon.json";

/** Everything that must hold for one generated daemon.json. Throws an error with the name of the broken property. */
export function checkDaemonJson(patcher: DaemonPatcher, generated: DaemonCase): void {
  const { text, wanted, missing, settings, mirrors, missingMirrors } = generated;
  const broken = (property: string, detail: string): never => {
    throw new Error(
      `${property} (file ${generated.seed}): ${detail}\n---\n${text ?? "no file"}\n---`,
    );
  };
  const bytes = text === undefined ? undefined : Buffer.from(text);
  const ask = {
    path: PATH,
    registry: wanted,
    mirrors,
    dockerVersion: "26.1.5",
    flags: generated.flags,
  };
  let plan: patch.Plan;
  try {
    plan = patcher.planDaemonJson({ ...ask, bytes });
  } catch (error) {
    if (!(error instanceof patcher.Refusal)) throw error;
    if (error.message.includes("with certainty")) broken("refused as uncertain", error.message);
    if (!generated.refused) broken("refused without need", error.message);
    return;
  }
  if (generated.refused) broken("a broken state was not refused", "");
  const [file] = plan.files;
  if (file === undefined) return broken("daemon.json is in the plan", "it is not");

  const list = (settings["insecure-registries"] ?? []) as string[];
  const mirrorList = (settings["registry-mirrors"] ?? []) as string[];
  const expected = {
    ...settings,
    ...(missing.length > 0 && { "insecure-registries": [...missing, ...list] }),
    ...(missingMirrors.length > 0 && { "registry-mirrors": [...missingMirrors, ...mirrorList] }),
  };
  const changes = [...missing, ...missingMirrors];
  const desired = file.desired?.toString() ?? "";
  const got = read(desired) ?? (changes.length > 0 ? broken("the result is JSON", desired) : {});
  if (show(got) !== show(expected)) broken("the difference is exactly what was asked", desired);
  if (changes.length === 0 && file.edits.length > 0) broken("already there, no edit", desired);
  if (plan.activate !== (changes.length > 0 ? "reload" : "none")) {
    broken("reload when changed", plan.activate);
  }

  const diff = patcher.fileDiff(file);
  if (diff.includes("hunter2")) broken("nothing secret is shown", diff);
  const added = diff.split("\n").filter((line) => line.startsWith("+") && !line.startsWith("+++"));
  if (!changes.every((name) => added.some((line) => line.includes(JSON.stringify(name))))) {
    broken("the change is seen", diff);
  }

  const hunks = patcher.hunks(file);
  const base = bytes ?? Buffer.alloc(0);
  if (file.edits.length > 0) {
    if (!patcher.revert(file)) broken("reversible", JSON.stringify(hunks));
    if (isCrlf(base) && !hunks.every(({ added }) => added.every((line) => line.endsWith("\r")))) {
      broken("new lines end as the others", JSON.stringify(hunks));
    }
    for (const { offset, length } of file.edits) {
      const replaced = base.subarray(offset, offset + length).toString();
      if (!["", "null"].includes(replaced.trim())) broken("foreign bytes stay", replaced);
    }
    const oneLiner = text === undefined || !/\{\r?\n/.test(text);
    const ownLine =
      /"insecure-registries":\s*\[\s*\S/.test(text ?? "") ||
      "insecure-registries" in settings ||
      (missingMirrors.length > 0 && "registry-mirrors" in settings);
    if (!oneLiner && !ownLine && hunks.some(({ removed }) => removed.length > 0)) {
      broken("a new key is a line of its own", JSON.stringify(hunks));
    }
  }

  const again = patcher.planDaemonJson({ ...ask, bytes: file.desired });
  if (again.files.some(({ edits }) => edits.length > 0)) broken("twice is once", desired);

  if (missing.length === 0 || !generated.features.has("taken out again")) return;
  const removal = patcher.planDaemonJson({ ...ask, bytes: file.desired, present: false });
  const [without] = removal.files;
  const left = read(without?.desired?.toString() ?? "") ?? {};
  const kept = list.filter(
    (entry) => !wanted.includes(entry.replace(/^https?:\/\//, "")) || entry.includes("/8"),
  );
  const keptSettings: object = { ...expected, "insecure-registries": kept };
  const noKey = Object.fromEntries(
    Object.entries(expected).filter(([key]) => key !== "insecure-registries"),
  );
  if (show(left) !== show(keptSettings) && !(kept.length === 0 && show(left) === show(noKey))) {
    broken("removal takes out the registry alone", show(left));
  }
}

function read(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
  } catch {
    return undefined;
  }
}

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${key}=${show(inner)}`).join(",")}}`;
}
