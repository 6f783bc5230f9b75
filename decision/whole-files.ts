import { createHash } from "node:crypto";
import { filePlan, type FilePlan } from "../patch/plan";
import type { Observation } from "../observation/observation";
import type { Settings } from "../settings/schema";
import { canonicalJson } from "../helper/payload";
import { decide, type Decision } from "./decide";
import type { Want } from "./owned-files";
import { patience } from "./plan";

/** A file that this program writes as a whole. */
export interface WholeFile {
  readonly path: string;
  readonly contents: string;
}

/** Whose files they are, and the setting that asks for them. */
interface Owner {
  readonly daemon: "page" | "timer";
  readonly setting: string;
}

/**
 * Plans files that are of this program alone: what somebody writes into them is drift.
 * @throws Error if another stack has such files on this host
 */
export function planWholeFiles(
  observation: Observation,
  settings: Settings,
  id: string,
  owner: Owner,
  files: readonly WholeFile[],
): Decision {
  const spec = Object.fromEntries(files.map(({ path, contents }) => [path, sha256(contents)]));
  const planner = (wants: readonly Want[], texts: ReadonlyMap<string, Buffer | undefined>) => {
    refuseOthers(wants, id, owner, spec);
    const plans = files.map((file) => planWhole(file, texts.get(file.path)));
    return { files: plans, notes: [], activate: "none" as const };
  };
  return decide({
    observation,
    id,
    daemon: owner.daemon,
    plan: planner,
    spec,
    claims: [],
    health: patience(settings),
  });
}

function planWhole({ path, contents }: WholeFile, base: Buffer | undefined): FilePlan {
  const text = contents;
  const same = base?.toString("utf8") === text;
  return filePlan(path, base, same ? [] : [{ offset: 0, length: base?.length ?? 0, text }], 0o644);
}

/** Of another stack's files, the host knows only what they are called. */
function refuseOthers(
  wants: readonly Want[],
  id: string,
  { daemon, setting }: Owner,
  spec: object,
): void {
  const other = wants.find(
    (want) => want.id !== id && canonicalJson(want.spec) !== canonicalJson(spec),
  );
  if (other === undefined) return;
  throw new Error(
    `expected no ${daemon} of another stack on this host, found that of ${other.id}: one registry host has one ${daemon}; remove \`${setting}\` there or here`,
  );
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
