import { readFileSync } from "node:fs";
import { join } from "node:path";

import { parse } from "smol-toml";

import { planContainerd, Refusal, revert } from "../../../patch";

type Stored = string | { base64: string };
const corpus = JSON.parse(
  readFileSync(join(__dirname, "../../fixtures/toml-test/corpus.json"), "utf8"),
) as Record<"valid" | "invalid", Record<string, Stored>>;

function bytesOf(stored: Stored): Buffer {
  return typeof stored === "string" ? Buffer.from(stored) : Buffer.from(stored.base64, "base64");
}

/** An edit unrelated to the document: config_path, which no document has. */
function plan(bytes: Buffer) {
  return planContainerd({
    configPath: "document.toml",
    bytes,
    daemonVersion: "2.2.3",
    certsD: new Map(),
    registry: { address: "172.30.1.2:5000", endpoints: ["http://172.30.1.2:5000"] },
    mirrors: {},
    migrate: false,
  });
}

function refusal(bytes: Buffer): string | undefined {
  try {
    plan(bytes);
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error.problems[0]?.found ?? "";
    throw error;
  }
}

/** The values of a tree, with dates and big integers as text. */
function meaning(text: string): unknown {
  const tree: unknown = parse(text, { integersAsBigInt: true });
  return JSON.parse(
    JSON.stringify(tree, (_, value: unknown) =>
      typeof value === "bigint" || (typeof value === "number" && !Number.isFinite(value))
        ? `${typeof value} ${String(value)}`
        : value,
    ),
  );
}

describe("the toml-test corpus", () => {
  it("holds the documents of TOML 1.0", () => {
    expect(Object.keys(corpus.valid)).toHaveLength(185);
    expect(Object.keys(corpus.invalid)).toHaveLength(371);
  });

  it("every valid document means the same after an unrelated edit, and is the same after its undo", () => {
    const refused: Record<string, string> = {};
    for (const [name, stored] of Object.entries(corpus.valid)) {
      const bytes = bytesOf(stored);
      const why = refusal(bytes);
      if (why !== undefined) {
        refused[name] = why;
        continue;
      }
      const main = plan(bytes).files.find(({ path }) => path === "document.toml");
      const desired = main?.desired ?? Buffer.alloc(0);
      const after = meaning(desired.toString()) as Record<string, unknown>;
      const { plugins, version, ...rest } = after;
      expect(plugins).toEqual({
        "io.containerd.cri.v1.images": { registry: { config_path: "/etc/containerd/certs.d" } },
      });
      expect(version).toBe("bigint 3");
      expect({ name, rest }).toEqual({ name, rest: meaning(bytes.toString()) });
      if (main !== undefined) {
        expect(revert(main)).toBe(true);
      }
    }
    expect(refused).toEqual({}); // no deviation: each one is edited
  });

  it("every invalid document is refused", () => {
    const taken = Object.entries(corpus.invalid)
      .filter(([, stored]) => refusal(bytesOf(stored)) === undefined)
      .map(([name]) => name);
    expect(taken).toEqual([]); // no deviation: each one is refused
  });
});
