import { Duplex, PassThrough } from "node:stream";
import { whyNoCleanUp } from "../../images/gc";
import { GcSession } from "../../images/gc-session";
import type { HostAccess } from "../../settings/access";
import type { CommandStream, Connection } from "../../ssh/connection";
import { listing } from "./listings";

const CONFIG = "storage:\n  filesystem:\n    rootdirectory: /var/lib/registry\n";

/** A clean-up on a host that says what `answer` says to each line, and that ends where this is undefined. */
class FakeCommand extends Duplex {
  readonly said: string[] = [];
  readonly stderr = new PassThrough();

  constructor(private readonly answer: (line: string) => string | undefined) {
    super();
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const line = chunk.toString().trimEnd();
    this.said.push(line);
    const answered = this.answer(line);
    if (answered !== undefined) this.push(`${answered}\n`);
    else {
      this.stderr.write("Failed to start transient service unit: Access denied\n");
      this.push(null);
      setImmediate(() => this.end());
    }
    done();
  }

  override _final(done: () => void): void {
    if (!this.readableEnded) this.push(null);
    done();
  }
}

async function open(command: CommandStream, said = { code: 0, stdout: CONFIG, stderr: "" }) {
  const { code, stdout, stderr } = said;
  const connection = {
    exec: () => Promise.resolve({ code, stdout: Buffer.from(stdout), stderr: Buffer.from(stderr) }),
    stream: () => Promise.resolve(command),
  } as unknown as Connection;
  return GcSession.open(connection, { name: "n1", sudo: true } as HostAccess, listing());
}

test("a clean-up that ends too early says what the host wrote to standard error", async () => {
  const session = await open(new FakeCommand(() => undefined));
  await expect(session.readOnly()).rejects.toThrow(
    'n1: the clean-up ended at the step "read-only": Failed to start transient service unit: Access denied',
  );
});

test("what the host refuses is the error", async () => {
  const session = await open(new FakeCommand(() => "refused the configuration was changed"));
  await expect(session.readOnly()).rejects.toThrow("n1: the configuration was changed");
});

test("after its end a clean-up takes no orders, and can be ended again", async () => {
  const command = new FakeCommand(() => "done");
  const session = await open(command);
  await session.readOnly();
  await session.close();
  await session.close();
  await expect(session.restart()).rejects.toThrow("n1: the clean-up was ended");
  expect(command.said).toEqual(["read-only"]);
});

test("a login that needs a password for sudo is named, with what to do", async () => {
  const stderr = "sudo: a password is required\n";
  const opened = open(new FakeCommand(() => "done"), { code: 1, stdout: "", stderr });
  await expect(opened).rejects.toThrow(
    "n1: expected sudo without a password; found: sudo: a password is required; allow it in sudoers with NOPASSWD, or log in as root",
  );
});

test("a clean-up needs a volume, images in it, and distribution's program", () => {
  const [data, root] = ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry/"];
  expect(whyNoCleanUp(listing({}, { REGISTRY_STORAGE: "filesystem", [data]: root }))).toBe(
    undefined,
  );
  const { container, version, folder, ...rest } = listing();
  expect(whyNoCleanUp({ ...rest, container, version: version! })).toBe(
    "the registry has no volume at /var/lib/registry, so its files cannot be cleaned up",
  );
  expect(whyNoCleanUp(listing({}, { [data]: "/images" }))).toBe(
    "the registry's images are not in its volume: its environment has REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY=/images; " +
      "a clean-up knows the files in /var/lib/registry only",
  );
  expect(whyNoCleanUp(listing({}, { REGISTRY_STORAGE: "s3" }))).toContain("REGISTRY_STORAGE=s3;");
  expect(whyNoCleanUp({ ...rest, container, folder: folder! })).toBe(
    "`registry --version` does not run in the registry's container, and a clean-up needs this program; " +
      "set registry.image to an image of distribution, such as registry:3",
  );
});
