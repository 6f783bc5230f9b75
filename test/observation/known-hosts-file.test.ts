import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rememberHostKey } from "../../observation/known-hosts-file";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "known-hosts-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("creates the file and its folder, which only the user can read", () => {
  const file = join(folder, "ssh", "known_hosts");
  rememberHostKey(file, "10.0.0.1 ssh-ed25519 AAAA");
  expect(readFileSync(file, "utf8")).toBe("10.0.0.1 ssh-ed25519 AAAA\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "ssh")).mode & 0o777).toBe(0o700);
});

test("ends a last line that has no newline before it adds its own", () => {
  const file = join(folder, "known_hosts");
  writeFileSync(file, "10.0.0.9 ssh-rsa BBBB");
  rememberHostKey(file, "10.0.0.1 ssh-ed25519 AAAA");
  expect(readFileSync(file, "utf8")).toBe("10.0.0.9 ssh-rsa BBBB\n10.0.0.1 ssh-ed25519 AAAA\n");
});

test("a line that is there already is not added again", () => {
  const file = join(folder, "known_hosts");
  writeFileSync(file, "10.0.0.1 ssh-ed25519 AAAA\n");
  rememberHostKey(file, "10.0.0.1 ssh-ed25519 AAAA");
  expect(readFileSync(file, "utf8")).toBe("10.0.0.1 ssh-ed25519 AAAA\n");
});

test("programs that add lines at the same time lose none and mix none", async () => {
  const file = join(folder, "known_hosts");
  const script =
    "require('ts-node/register/transpile-only');" +
    "const { rememberHostKey } = require('./observation/known-hosts-file.ts');" +
    "for (let n = 0; n < 50; n++) rememberHostKey(process.argv[1], `host-${process.argv[2]}-${n} ssh-ed25519 ${'A'.repeat(68)}`);";
  const writers = ["a", "b", "c"].map(
    (name) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, ["-e", script, file, name], {
          cwd: join(__dirname, "..", ".."),
          stdio: ["ignore", "ignore", "inherit"],
        });
        child.on("error", reject).on("close", resolve);
      }),
  );
  expect(await Promise.all(writers)).toEqual([0, 0, 0]);
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(150);
  expect(lines.every((line) => /^host-[abc]-\d+ ssh-ed25519 A{68}$/.test(line))).toBe(true);
  // Three programs start here, which is slow on a busy machine.
}, 60_000);
