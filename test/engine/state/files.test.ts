import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Backend } from "../../../engine/state/backend";
import { StackLocked } from "../../../engine/state/lock";

let root: string;
beforeEach(() => (root = fs.mkdtempSync(path.join(os.tmpdir(), "backend-"))));
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

const mode = (file: string): string => (fs.statSync(file).mode & 0o777).toString(8);

test("the state lies where Pulumi's file backend keeps it, for its owner only, with the former one as .bak", async () => {
  const backend = new Backend(root);
  await backend.write("p", "dev", [Buffer.from("one")]);
  await backend.write("p", "dev", [Buffer.from("tw"), Buffer.from("o")]);

  const file = path.join(root, ".pulumi/stacks/p/dev.json");
  expect(fs.readFileSync(file, "utf8")).toBe("two");
  expect(fs.readFileSync(`${file}.bak`, "utf8")).toBe("one");
  expect(fs.readFileSync(path.join(root, ".pulumi/meta.yaml"), "utf8")).toBe("version: 1\n");
  expect([file, `${file}.bak`, path.dirname(file)].map(mode)).toEqual(["600", "600", "700"]);
  expect(fs.readdirSync(path.dirname(file)).sort()).toEqual(["dev.json", "dev.json.bak"]);
});

test("a write that fails says so and leaves the state as it was", async () => {
  const backend = new Backend(root);
  await backend.write("p", "dev", [Buffer.from("one")]);
  const file = backend.stackFile("p", "dev");
  fs.rmSync(file);
  fs.mkdirSync(file);

  await expect(backend.write("p", "dev", [Buffer.from("tw"), Buffer.from("o")])).rejects.toThrow(
    new RegExp(`^(cannot write ${file}: |EISDIR|EPERM)`),
  );
  expect(fs.readdirSync(path.dirname(file)).filter((n) => n.endsWith(".tmp"))).toEqual([]);
});

test("a locked stack says who holds it and how to go on; the lock's form is Pulumi's", async () => {
  const backend = new Backend(root);
  const release = await backend.lock("p", "dev", "npm run cancel -- --stack dev");
  const folder = path.join(root, ".pulumi/locks/organization/p/dev");
  const [name = ""] = fs.readdirSync(folder);
  const lock = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")) as Record<
    string,
    unknown
  >;
  expect(Object.keys(lock)).toEqual(["pid", "username", "hostname", "timestamp"]);

  const refused = backend.lock("p", "dev", "npm run cancel -- --stack dev");
  await expect(refused).rejects.toThrow(StackLocked);
  await expect(refused).rejects.toThrow(
    "the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end, or, if they are gone, " +
      "delete the lock with `npm run cancel -- --stack dev`.\n" +
      `  ${path.join(folder, name)}: created by ${os.userInfo().username}@${os.hostname()} (pid ${process.pid}) at ` +
      `${String(lock["timestamp"])}; that process is running`,
  );
  await release();
  await (
    await backend.lock("p", "dev", "")
  )();
});

test("the lock of a process that is gone is told as such, and cancel takes it away", async () => {
  const backend = new Backend(root);
  const folder = path.join(root, ".pulumi/locks/organization/p/dev");
  fs.mkdirSync(folder, { recursive: true });
  const gone = {
    pid: 2 ** 22 + 1,
    username: "me",
    hostname: os.hostname(),
    timestamp: "2026-01-01T00:00:00Z",
  };
  fs.writeFileSync(
    path.join(folder, "11111111-1111-4111-8111-111111111111.json"),
    JSON.stringify(gone),
  );

  await expect(backend.lock("p", "dev", "cancel")).rejects.toThrow("that process no longer exists");
  expect(await backend.breakLocks("p", "dev")).toBe(1);
  await (
    await backend.lock("p", "dev", "cancel")
  )();
});

test("backends that are no files are refused by name", () => {
  expect(() => Backend.at("s3://bucket", "/p")).toThrow(
    'the embedded engine keeps state in files only; PULUMI_BACKEND_URL is "s3://bucket": use --engine pulumi, or a file:// URL',
  );
  expect(Backend.at(undefined, "/p").url).toBe("file:///p");
  expect(Backend.at("file:///state", "/p").url).toBe("file:///state");
});

test("a large state is written in chunks, each byte in its place", async () => {
  const backend = new Backend(root);
  const pieces = Array.from({ length: 300 }, (_, index) => Buffer.alloc(10_007, index));
  await backend.write("p", "dev", pieces);
  const written = fs.readFileSync(backend.stackFile("p", "dev"));
  expect(Buffer.compare(written, Buffer.concat(pieces))).toBe(0);
});
