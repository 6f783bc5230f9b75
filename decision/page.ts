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

/**
 * Plans the files of the registry's page on its host. They are of this program alone: what somebody writes into them is
 * drift.
 * @throws Error if another stack has a page there
 */
export function planPage(
  observation: Observation,
  settings: Settings,
  id: string,
  files: readonly WholeFile[],
): Decision {
  const spec = Object.fromEntries(files.map(({ path, contents }) => [path, sha256(contents)]));
  const planner = (wants: readonly Want[], texts: ReadonlyMap<string, Buffer | undefined>) => {
    refuseOthers(wants, id, spec);
    const plans = files.map((file) => planWhole(file, texts.get(file.path)));
    return { files: plans, notes: [], activate: "none" as const };
  };
  return decide({
    observation,
    id,
    daemon: "page",
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

/** Of another stack's page, the host knows only what it is called. */
function refuseOthers(wants: readonly Want[], id: string, spec: object): void {
  const other = wants.find(
    (want) => want.id !== id && canonicalJson(want.spec) !== canonicalJson(spec),
  );
  if (other === undefined) return;
  throw new Error(
    `expected no page of another stack on this host, found that of ${other.id}: one registry host has one page; remove \`ui\` there or here`,
  );
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
