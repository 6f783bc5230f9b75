import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { type ContainerdInput, planContainerd, Refusal } from "../../../patch";

const root = join(__dirname, "../../fixtures/patch");

interface StoredCase {
  source: string;
  daemonVersion: string;
  mirrors?: Record<string, string[]>;
  migrate?: boolean;
  dump?: string;
}

function inputOf(folder: string): ContainerdInput {
  const read = (name: string) => readFileSync(join(root, folder, name));
  const stored = JSON.parse(read("case.json").toString()) as StoredCase;
  return {
    configPath: "/etc/containerd/config.toml",
    bytes: read("config.toml"),
    daemonVersion: stored.daemonVersion,
    ...(stored.dump !== undefined && { dump: read(stored.dump).toString() }),
    certsD: new Map(),
    registry: { address: "172.30.1.2:5000", endpoints: ["http://172.30.1.2:5000"] },
    mirrors: stored.mirrors ?? {},
    migrate: stored.migrate ?? false,
  };
}

/** The whole result as text: every file in full, or the refusal. */
function resultOf(input: ContainerdInput): string {
  try {
    const plan = planContainerd(input);
    const files = plan.files.map(({ path, base, edits, desired }) => {
      const state = edits.length === 0 ? "unchanged" : base === undefined ? "created" : "changed";
      return `--- ${path} (${state})\n${state === "unchanged" ? "" : (desired ?? "").toString()}`;
    });
    const notes = plan.notes.map((note) => `note: ${note}\n`);
    return `activate: ${plan.activate}\n${notes.join("")}${files.join("")}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `refused:\n${error.message}\n`;
  }
}

const folders = readdirSync(root, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe("a config.toml from a real system", () => {
  it.each(folders)("%s", (folder) => {
    const result = resultOf(inputOf(folder));
    const path = join(root, folder, "expected.txt");
    if (process.env["ACCEPT"] === "1") writeFileSync(path, result);
    expect(result).toBe(readFileSync(path, "utf8"));
  });
});
