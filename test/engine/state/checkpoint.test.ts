import * as fs from "node:fs";
import * as path from "node:path";
import { Crypter } from "../../../engine/secrets/passphrase";
import { Writer, parseCheckpoint } from "../../../engine/state/checkpoint";
import { integrityError } from "../../../engine/state/integrity";
import { diffMaps } from "../../../engine/values/diff";
import {
  RESOURCE_SIGNATURE,
  SIGNATURE,
  Secret,
  deepEquals,
  type PropertyMap,
} from "../../../engine/values/property";
import { fromWire, toWire } from "../../../engine/values/wire";

// A key is derived, on a machine that may have much else to do.
jest.setTimeout(60_000);

const file = path.join(__dirname, "../../fixtures/state/dev.json");
const text = fs.readFileSync(file, "utf8").trimEnd();
const textOf = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString();

test("a stack that the Pulumi CLI wrote is read and written back byte for byte", async () => {
  const raw = parseCheckpoint(text, file);
  const crypter = await Crypter.open("fixture", raw.salt ?? "");
  const { stack } = raw;
  const { snapshot } = raw.open(crypter);

  expect(textOf(new Writer(stack, crypter).checkpoint(snapshot))).toBe(text);
  expect(snapshot.resources).toHaveLength(10);
  expect(integrityError(snapshot.resources)).toBeUndefined();
});

test("secrets are opened, nested ones too", async () => {
  const raw = parseCheckpoint(text, file);
  const { snapshot } = raw.open(await Crypter.open("fixture", raw.salt ?? ""));

  const stack = snapshot.resources[0];
  expect(stack?.outputs["token"]).toMatchObject({ value: "s3cret" });
  const guard = snapshot.resources.find((r) => r.urn.endsWith("::node01-guard"));
  const connection = guard?.inputs["connection"] as Secret;
  expect(connection).toBeInstanceOf(Secret);
  expect(Object.keys(connection.value as PropertyMap)).toEqual([
    "dialErrorLimit",
    "host",
    "perDialTimeout",
    "port",
    "privateKey",
    "user",
  ]);
});

test("a secret that changed is encrypted anew, and no plain text is written", async () => {
  const raw = parseCheckpoint(text, file);
  const crypter = await Crypter.open("fixture", raw.salt ?? "");
  const { stack } = raw;
  const { snapshot } = raw.open(crypter);
  const [root] = snapshot.resources;
  if (root) root.outputs["token"] = new Secret("another secret");

  const written = textOf(new Writer(stack, crypter).checkpoint(snapshot));

  expect(written).not.toContain("another secret");
  const reread = parseCheckpoint(written, file).open(crypter);
  expect(reread.snapshot.resources[0]?.outputs["token"]).toMatchObject({ value: "another secret" });
});

test("numbers that JSON does not have are written as Pulumi writes them, in secrets too, and read back", async () => {
  const raw = parseCheckpoint(text, file);
  const crypter = await Crypter.open("fixture", raw.salt ?? "");
  const { stack } = raw;
  const { snapshot } = raw.open(crypter);
  const [root] = snapshot.resources;
  const numbers = { list: [NaN, Infinity, -Infinity, 1.5], sealed: new Secret(Infinity) };
  if (root) root.outputs = numbers;

  const written = textOf(new Writer(stack, crypter).checkpoint(snapshot));

  const float = (hex: string): string =>
    `{"4dabf18193072939515e22adb298388d":"8ad145fe-0d11-4827-bfd7-1abcbf086f5c","value":"${hex}"}`;
  const [nan, plus, minus] = ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"].map(
    float,
  );
  expect(written).toContain(`"list":[${nan},${plus},${minus},1.5]`);
  const [reread] = parseCheckpoint(written, file).open(crypter).snapshot.resources;
  expect(reread?.outputs["list"]).toEqual(numbers.list);
  expect(reread?.outputs["sealed"]).toMatchObject({ value: Infinity });
  expect(deepEquals(reread?.outputs["list"], numbers.list)).toBe(true);
  expect(diffMaps(reread?.outputs ?? {}, numbers)).toEqual({});
});

test("a long text is written as it is for each resource, kept once, and encrypted where it is secret", async () => {
  const raw = parseCheckpoint(text, file);
  const crypter = await Crypter.open("fixture", raw.salt ?? "");
  const { stack } = raw;
  const { snapshot } = raw.open(crypter);
  const [first, second] = snapshot.resources;
  if (!first || !second) throw new Error("the fixture has resources");
  const long = `"Grüße"\u2028 \\ line\n`.repeat(1_000);
  first.outputs = { long, list: [long, "short"], sealed: new Secret(`${long}!`) };
  second.outputs = { long: `${long} of another` };
  const writer = new Writer(stack, crypter);

  const pieces = writer.checkpoint(snapshot);

  const written = textOf(pieces);
  const json = JSON.stringify(long).replaceAll("\u2028", "\\u2028");
  expect(written).toContain(`"outputs":{"list":[${json},"short"],"long":${json},"sealed":{`);
  expect(written).not.toContain(`${json.slice(0, -1)}!`);
  const reread = parseCheckpoint(written, file).open(crypter).snapshot;
  expect(reread.resources[0]?.outputs).toMatchObject({ long, sealed: { value: `${long}!` } });
  expect(reread.resources[1]?.outputs).toEqual({ long: `${long} of another` });
  const bytes = Buffer.byteLength(json);
  expect(new Set(pieces.filter((piece) => piece.length === bytes)).size).toBe(1);
  first.outputs = { long: "changed" };
  writer.forget(first);
  expect(textOf(pieces)).toBe(written);
  expect(textOf(writer.checkpoint(snapshot))).toContain('"outputs":{"long":"changed"}');
});

test("a reference to a resource has the version of its package, also where an older engine left it out", async () => {
  const raw = parseCheckpoint(text, file);
  const crypter = await Crypter.open("fixture", raw.salt ?? "");
  const { stack } = raw;
  const { snapshot } = raw.open(crypter);
  const [root] = snapshot.resources;
  const reference = { [SIGNATURE]: RESOURCE_SIGNATURE, urn: "urn:x", id: "1" };
  if (root) root.outputs = { reference };
  const written = textOf(new Writer(stack, crypter).checkpoint(snapshot));
  const [reread] = parseCheckpoint(written, file).open(crypter).snapshot.resources;
  expect(reread?.outputs["reference"]).toEqual({ ...reference, packageVersion: "" });
  expect(fromWire(toWire({ reference }))).toEqual({
    reference: { ...reference, packageVersion: "" },
  });
});

test.each([
  ["not JSON", "{", `${file} is not a state file (invalid JSON); its backup is ${file}.bak`],
  [
    "a later version",
    '{"version":4,"checkpoint":{}}',
    `${file} has checkpoint version 4, expected 3; use --engine pulumi for this stack`,
  ],
  [
    "another secrets provider",
    '{"version":3,"checkpoint":{"stack":"s","latest":{"secrets_providers":{"type":"awskms"}}}}',
    `${file} uses the secrets provider "awskms"; the embedded engine has "passphrase" only, use --engine pulumi for this stack`,
  ],
])("refuses %s", (_what, content, message) => {
  expect(() => parseCheckpoint(content, file)).toThrow(message);
});

test("refuses a resource that uses what the engine does not have, by name", () => {
  const resource = { urn: "urn:x", custom: false, type: "t:t:t", resourceHooks: { before: ["x"] } };
  const raw = parseCheckpoint(
    JSON.stringify({ version: 3, checkpoint: { stack: "s", latest: { resources: [resource] } } }),
    "dev.json",
  );
  expect(() => raw.open(undefined)).toThrow(
    'dev.json: "urn:x" uses resourceHooks, which the embedded engine does not support',
  );
});
