import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extract } from "tar-stream";
import { dockerPlugin } from "../../../../engine/providers/docker";
import { UNKNOWN } from "../../../../engine/providers/provider";
import type { Props, ProviderInstance } from "../../../../engine/providers/provider";
import { GOOD_KEY, TestServer } from "../../../ssh/server";
import { context } from "../context";
import { FakeDaemon } from "./fake-daemon";

const IMAGE = "docker:index/image:Image";
const URN = `urn:pulumi:dev::p::${IMAGE}::app`;
const NAME = "10.0.0.11:5000/team/app:1.0";
const BUILD =
  'POST /build?t=10.0.0.11:5000/team/app:1.0&dockerfile=Dockerfile&buildargs={"BASE":"busybox"}&platform=linux/amd64&version=1';
const PUSH = "POST /images/10.0.0.11:5000/team/app/push?tag=1.0";

let folder: string;
let ssh: TestServer;
let daemon: FakeDaemon;
let provider: ProviderInstance;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "image-"));
  daemon = await FakeDaemon.start(folder);
  ssh = await TestServer.start({ unixSockets: { "/var/run/docker.sock": daemon.socket } });
  writeFileSync(join(folder, "id"), GOOD_KEY.private);
  writeFileSync(join(folder, "known"), `[127.0.0.1]:${ssh.port} ${ssh.hostKeys[0]}\n`);
  const site = join(folder, "site");
  mkdirSync(join(site, "pages"), { recursive: true });
  writeFileSync(join(site, "Dockerfile"), "FROM busybox\n");
  writeFileSync(join(site, ".dockerignore"), "secret\n*.tmp\n!kept.tmp\n");
  writeFileSync(join(site, "secret"), "a password");
  writeFileSync(join(site, "kept.tmp"), "");
  writeFileSync(join(site, "pages", "index"), "first");
  symlinkSync("pages/index", join(site, "link"));
  provider = await dockerPlugin.configure(
    {
      host: `ssh://root@127.0.0.1:${ssh.port}`,
      sshOpts: JSON.stringify(["-F", "none", "-i", "id", "-o", "UserKnownHostsFile=known"]),
      version: "5.2.0",
    },
    folder,
  );
});
afterEach(async () => {
  await provider.close();
  await ssh.close();
  await new Promise((resolve) => daemon.server.close(resolve));
  rmSync(folder, { recursive: true });
});

const given = (build: Props = {}, more: Props = {}): Props => ({
  imageName: NAME,
  build: {
    args: { BASE: "busybox" },
    builderVersion: "BuilderV1",
    context: "site",
    platform: "linux/amd64",
    ...build,
  },
  ...more,
});

const check = (news: Props) => provider.check(IMAGE, URN, undefined, news);

async function checked(news = given()): Promise<Props> {
  const { inputs, failures } = await check(news);
  expect(failures).toEqual([]);
  return inputs;
}

/** The daemon ends every line. */
const lines = (...events: object[]) =>
  events.map((event) => `${JSON.stringify(event)}\r\n`).join("");
const DIGEST = `sha256:${"d1".repeat(32)}`;

function answersWell(): void {
  daemon.answers = {
    [BUILD]: [200, lines({ stream: "Step 1/1 : FROM busybox\n" }, { aux: { ID: "sha256:1" } })],
    [PUSH]: [200, lines({ status: "Pushing", id: "a" }, { aux: { Digest: DIGEST } })],
  };
}

/** The archive's files, with the contents of the small ones. */
async function packed(archive: Buffer | undefined): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const reader = extract();
  reader.on("entry", ({ name, type, linkname }, stream, next) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      found[name] = type === "symlink" ? `-> ${linkname}` : Buffer.concat(chunks).toString();
      next();
    });
  });
  const ended = new Promise((resolve) => reader.on("finish", resolve));
  reader.end(archive);
  await ended;
  return found;
}

test("a check adds the defaults and the digest of the folder, in which ignored files do not count", async () => {
  const inputs = await checked();
  const digest = (of: Props) => (of["build"] as Props)["contextDigest"];
  expect(inputs).toEqual({
    imageName: NAME,
    buildOnPreview: false,
    build: {
      ...(given()["build"] as Props),
      dockerfile: "site/Dockerfile",
      contextDigest: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    },
  });
  writeFileSync(join(folder, "site", "secret"), "another password");
  expect(await checked()).toEqual(inputs);
  writeFileSync(join(folder, "site", "pages", "index"), "second");
  expect(digest(await checked())).not.toBe(digest(inputs));
});

test("a folder and a Dockerfile that do not exist are refused with their full paths", async () => {
  const { failures } = await check(given({ context: "none", dockerfile: "none/Dockerfile" }));
  expect(failures).toEqual([
    {
      property: "build.context",
      reason: `expected a folder at ${join(folder, "none")}, found none`,
    },
    {
      property: "build.dockerfile",
      reason: `expected a Dockerfile at ${join(folder, "none", "Dockerfile")}, found none`,
    },
  ]);
});

test("what a preview does not know yet is no failure", async () => {
  const inputs = await checked(given({ dockerfile: UNKNOWN }));
  expect(inputs["build"]).not.toHaveProperty("contextDigest");
});

test("what the engine does not do is refused by name: BuildKit, a registry's login, a build without a push", async () => {
  const said = async (news: Props) => (await check(news)).failures.map(({ property }) => property);
  expect(await said(given({ builderVersion: "BuilderBuildKit" }))).toEqual([
    "build.builderVersion",
  ]);
  expect(await said(given({ target: "x" }, { skipPush: true, registry: {} }))).toEqual([
    "registry",
    "skipPush",
    "build.target",
  ]);
  // The SDK always sends these two.
  expect(await said(given({}, { skipPush: false, buildOnPreview: false }))).toEqual([]);
});

test("a preview asks nobody, and does not know the digest", async () => {
  const ctx = context("app", IMAGE, { preview: true });
  const { outputs } = await provider.create(IMAGE, await checked(), ctx);
  expect(outputs).toMatchObject({ imageName: NAME, repoDigest: UNKNOWN });
  expect(ssh.connections).toBe(0);
});

test("the folder is built without its ignored files, and pushed; the result has the digest of the push", async () => {
  answersWell();
  const ctx = context("app", IMAGE);
  const inputs = await checked();
  const made = await provider.create(IMAGE, inputs, ctx);
  expect(daemon.asked).toEqual([BUILD, PUSH]);
  expect(await packed(daemon.bodies[0])).toEqual({
    ".dockerignore": "secret\n*.tmp\n!kept.tmp\n",
    Dockerfile: "FROM busybox\n",
    "kept.tmp": "",
    link: "-> pages/index",
    pages: "",
    "pages/index": "first",
  });
  expect(made).toEqual({
    id: NAME,
    outputs: {
      baseImageName: NAME,
      context: "site",
      dockerfile: "Dockerfile",
      imageName: NAME,
      platform: "linux/amd64",
      registryServer: "",
      repoDigest: `10.0.0.11:5000/team/app@${DIGEST}`,
      __inputs: inputs,
    },
    secretOutputs: ["__inputs"],
  });
  expect(ctx.logs.map(({ text }) => text)).toEqual(["Step 1/1 : FROM busybox", "a Pushing"]);
});

test("a Dockerfile outside of the folder reaches the daemon, and is no part of the image", async () => {
  answersWell();
  const outside = BUILD.replace("dockerfile=Dockerfile", "dockerfile=.dockerfile.outside");
  daemon.answers[outside] = daemon.answers[BUILD]!;
  writeFileSync(join(folder, "Own"), "FROM own\n");
  writeFileSync(join(folder, "Own.dockerignore"), "pages\n");
  const inputs = await checked(given({ dockerfile: "Own" }));
  await provider.create(IMAGE, inputs, context("app", IMAGE));
  const files = await packed(daemon.bodies[0]);
  expect(files[".dockerfile.outside"]).toBe("FROM own\n");
  expect(files[".dockerignore"]?.split("\n").slice(-3)).toEqual([
    ".dockerignore",
    ".dockerfile.outside",
    "",
  ]);
  // The Dockerfile's own patterns count, and not those of the folder.
  expect(Object.keys(files)).not.toContain("pages/index");
  expect(files["secret"]).toBe("a password");
});

test("a failed build has the last lines of its output in the error, and nothing is pushed", async () => {
  daemon.answers = {
    [BUILD]: [
      200,
      lines(
        { stream: "Step 2/2 : RUN make\n" },
        { stream: "make: *** No rule" },
        { error: "The command 'make' returned a non-zero code: 2" },
      ),
    ],
  };
  await expect(provider.create(IMAGE, await checked(), context("app", IMAGE))).rejects.toThrow(
    `docker at root@127.0.0.1:${ssh.port}: cannot build image ${NAME}: The command 'make' returned a non-zero code: 2\n` +
      "Step 2/2 : RUN make\nmake: *** No rule",
  );
  expect(daemon.asked).toEqual([BUILD]);
});

test("a push that the registry refuses, or that ends without a digest, is an error", async () => {
  answersWell();
  const create = async () => provider.create(IMAGE, await checked(), context("app", IMAGE));
  daemon.answers[PUSH] = [200, lines({ error: "connection refused" })];
  await expect(create()).rejects.toThrow(`cannot push image ${NAME}: connection refused`);
  daemon.answers[PUSH] = [200, lines({ status: "Pushed" })];
  await expect(create()).rejects.toThrow("docker ended the push without a digest");
});

test("only other inputs are a change, it never replaces, and a read and a delete ask nobody", async () => {
  const inputs = await checked();
  const diff = (news: Props) => provider.diff(IMAGE, URN, NAME, inputs, {}, news);
  expect(await diff(inputs)).toEqual({ changes: "none", replaces: [], detailed: {} });
  expect(await diff({ ...inputs, imageName: `${NAME}1` })).toEqual({
    changes: "some",
    replaces: [],
    detailed: { imageName: "update" },
  });
  const ctx = context("app", IMAGE);
  expect(await provider.read(IMAGE, NAME, inputs, { imageName: NAME }, ctx)).toEqual({
    id: NAME,
    inputs,
    outputs: { imageName: NAME },
  });
  await provider.delete(IMAGE, NAME, inputs, {}, ctx);
  expect(ssh.connections).toBe(0);
});
