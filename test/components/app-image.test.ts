import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contentHash } from "../../build-context/content-hash";
import { CONTENT_LABEL } from "../../build-context/labelled";
import { AppImage, type AppImageArgs } from "../../components";
import { imageArguments } from "../../components/image-arguments";
import { refuseOtherContent } from "../../components/other-content";
import { planned } from "../../components/planned";
import type { AppImagePlan } from "../../components/plans";
import { Connection } from "../../ssh/connection";
import { TestServer } from "../ssh/server";
import { record, valueOf } from "./recorder";

const before = process.cwd();
let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "app-image-")));
  process.chdir(folder);
  mkdirSync("site");
  writeFileSync("site/Dockerfile", "FROM busybox\nCOPY . /site/\n");
  writeFileSync("site/page", "first");
});
afterEach(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

describe("the arguments of AppImage", () => {
  const GIVEN = { registry: "10.0.0.11:5000", version: "1.0", context: "site" };
  const problems = (change: object, unknown: string[] = []): string[] => {
    try {
      imageArguments("app", { ...GIVEN, ...change }, unknown);
      return [];
    } catch (error) {
      const [first = "", ...lines] = (error as Error).message.split("\n");
      expect(first).toMatch(/^AppImage app has \d problems?; no host was changed:$/);
      return lines.map((line) => line.trim());
    }
  };

  test("have the resource's name, the context's Dockerfile and no overwriting as defaults", () => {
    expect(imageArguments("app", GIVEN)).toEqual({
      ...GIVEN,
      name: "app",
      dockerfile: "site/Dockerfile",
      buildArgs: {},
      mutable: false,
    });
  });

  test("an unknown one is refused, and the known ones are named", () => {
    expect(problems({ tag: "1.0" })).toEqual([
      "tag: unknown key (known here: host, registry, name, version, context, dockerfile, buildArgs, platform, mutable)",
    ]);
  });

  test("a name with a registry's prefix, or with a tag, is refused with the right name", () => {
    expect(problems({ name: "docker.io/team/app" })).toEqual([
      'name: expected a name without a registry, found "docker.io/team/app": docker.io is another registry; write "team/app"',
    ]);
    expect(problems({ name: "10.0.0.11:5000/app:1.0" })).toEqual([
      'name: expected a name without a registry, found "10.0.0.11:5000/app:1.0": the registry\'s own prefix is added to it; write "app"',
    ]);
    expect(problems({ name: "app:1.0" })).toEqual([
      'name: expected a name without a tag, found "app:1.0": write "app" and version "1.0"',
    ]);
  });

  test("a folder and a Dockerfile that are missing are refused, each with its path", () => {
    expect(problems({ context: "none" })).toEqual([
      'context: expected a folder, found none at "none"',
    ]);
    expect(problems({ dockerfile: "site/Other" })).toEqual([
      'dockerfile: expected a file, found none at "site/Other"',
    ]);
  });

  test("all problems are reported at once; those of values that are not known yet are left for later", () => {
    const wrong = { registry: undefined, version: undefined, name: "App", tag: "1" };
    expect(problems(wrong).map((line) => line.replace(/:.*/, ""))).toEqual([
      "tag",
      "name",
      "version",
    ]);
    expect(problems(wrong, ["registry", "version"]).map((line) => line.replace(/:.*/, ""))).toEqual(
      ["tag", "name"],
    );
  });
});

describe("at a host that has a registry", () => {
  let ssh: TestServer;
  let server: Server;
  let registry: string;
  /** The registry's answers, by path. What is not there is answered with 404, and `undefined` never. */
  let answers: Record<string, [status: number, body: object] | undefined>;
  let asked: string[];

  beforeEach(async () => {
    answers = {};
    asked = [];
    ssh = await TestServer.start({
      onExec: (_command, channel) => {
        channel.write("aarch64\n");
        channel.exit(0);
        channel.end();
      },
    });
    server = createServer((request, response) => {
      const path = request.url ?? "";
      asked.push(path);
      const answer = path in answers ? answers[path] : ([404, {}] as const);
      if (answer === undefined) return;
      response.writeHead(answer[0]);
      response.end(JSON.stringify(answer[1]));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    registry = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await ssh.close();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });

  const holds = (hash: string): void => {
    answers["/v2/app/manifests/1.0"] = [200, { config: { digest: "sha256:c" } }];
    answers["/v2/app/blobs/sha256:c"] = [
      200,
      {
        config: { Labels: { [CONTENT_LABEL]: hash } },
        history: [{ created_by: `/bin/sh -c #(nop)  LABEL ${CONTENT_LABEL}=${hash}` }],
      },
    ];
  };

  function declare(change: Partial<AppImageArgs> = {}): AppImage {
    const plan: AppImagePlan = {
      access: {
        name: "cp",
        login: ssh.login(),
        sudo: false,
        waitSeconds: 0,
        notes: [],
        knownHostsFiles: [],
        keyInFiles: true,
        learnHostKey: false,
      },
      dockerHost: "ssh://root@10.0.0.11:22",
      sshOpts: ["-p", "22"],
    };
    const args = {
      host: { address: "10.0.0.11" },
      registry,
      version: "1.0",
      context: "site",
      ...change,
    };
    return new AppImage("app", planned(args, plan));
  }

  test("declares the image with a Dockerfile of its own, whose last step is the label of the content", async () => {
    const declared = record();
    const app = declare({ buildArgs: { BASE: "busybox" } });
    expect(await valueOf(app.reference)).toBe(`${registry}/app:1.0`);
    expect(await valueOf(app.digest)).toBe("sha256:d1");
    expect(await valueOf(app.digestReference)).toBe(`${registry}/app@sha256:d1`);
    const inputs = (name: string) => declared.find((one) => one.name === name)?.inputs;
    expect(inputs("app-docker")).toMatchObject({ host: "ssh://root@10.0.0.11:22" });
    const file = "node_modules/.cache/cluster-registry/test/app.Dockerfile";
    expect(inputs("app-image")).toEqual({
      imageName: `${registry}/app:1.0`,
      buildOnPreview: false,
      skipPush: false,
      build: {
        args: { BASE: "busybox" },
        builderVersion: "BuilderV1",
        context: "site",
        dockerfile: file,
        platform: "linux/arm64",
      },
    });
    const hash = contentHash({
      folder: "site",
      dockerfile: "FROM busybox\nCOPY . /site/\n",
      ignore: "",
      buildArgs: { BASE: "busybox" },
      platform: "linux/arm64",
    });
    expect(readFileSync(file, "utf8")).toBe(
      `FROM busybox\nCOPY . /site/\nLABEL ${CONTENT_LABEL}=${hash}\n`,
    );
    expect(asked).toEqual(["/v2/app/manifests/1.0"]);
  });

  test("with a platform and mutable it asks neither the host nor the registry", async () => {
    record();
    const app = declare({ platform: "linux/amd64", mutable: true });
    expect(await valueOf(app.reference)).toBe(`${registry}/app:1.0`);
    expect(ssh.commands).toEqual([]);
    expect(asked).toEqual([]);
  });

  test("a context that has the program in it leaves out what AppImage itself writes", async () => {
    writeFileSync("Dockerfile", "FROM busybox\n");
    record();
    await valueOf(declare({ context: "." }).reference);
    const file = "node_modules/.cache/cluster-registry/test/app.Dockerfile";
    const first = readFileSync(file, "utf8");
    expect(readFileSync(`${file}.dockerignore`, "utf8")).toBe(
      "\nnode_modules/.cache/cluster-registry\n",
    );
    await valueOf(declare({ context: "." }).reference);
    expect(readFileSync(file, "utf8")).toBe(first);
  });

  /** The refusal; undefined if there is none. */
  async function refused(hash = "h", seconds?: number): Promise<string | undefined> {
    const connection = await Connection.open(ssh.login());
    try {
      const given = imageArguments("app", { registry, version: "1.0", context: "site" });
      await refuseOtherContent(given, hash, connection, "cp", seconds);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    } finally {
      connection.close();
    }
  }

  test("the same content is no problem; other content is refused, and nothing is written", async () => {
    expect(await refused()).toBeUndefined();
    holds("h");
    expect(await refused()).toBeUndefined();
    expect(await refused("other")).toBe(
      `cp: the registry ${registry} has app:1.0 with other content: bump the version, ` +
        "or set mutable: true to overwrite it. Nothing was built",
    );
    expect(existsSync("node_modules")).toBe(false);
  });

  test("an image that AppImage did not build is other content", async () => {
    answers["/v2/app/manifests/1.0"] = [200, { manifests: [] }];
    expect(await refused()).toContain("has app:1.0 with other content");
  });

  const refusedBecause = (cause: string) =>
    `cp: the registry ${registry} does not say whether it has app:1.0, so nothing was built. ` +
    "Check that it runs ('docker ps' on its host), and that the argument registry has its address and port. " +
    `Tried GET http://${registry}/v2/app/manifests/1.0 from root@127.0.0.1:${ssh.port}: ${cause}`;

  test("a registry that does not run is refused: what was tried, where, why it failed, and what to do", async () => {
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    expect(await refused()).toContain(
      refusedBecause(`root@127.0.0.1:${ssh.port}: no connection to 127.0.0.1:${port} from there`),
    );
    server = createServer().listen(0, "127.0.0.1");
  });

  test("so is one that answers with an error, and one that never answers", async () => {
    answers["/v2/app/manifests/1.0"] = [401, {}];
    expect(await refused()).toBe(
      refusedBecause("GET /v2/app/manifests/1.0: expected 200 or 404, got 401"),
    );
    answers["/v2/app/manifests/1.0"] = undefined;
    expect(await refused("h", 0.2)).toBe(refusedBecause("it did not answer within 0.2 seconds"));
  });
});
