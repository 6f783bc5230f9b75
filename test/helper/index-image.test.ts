import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { indexPush, indexRemove, indexText } from "../../helper/index-image";

const TOOLS = ["bash", "cat", "sed", "sh", "timeout", "tr"];
const folder = mkdtempSync(join(tmpdir(), "index-"));
for (const tool of TOOLS) symlinkSync(`/usr/bin/${tool}`, join(folder, tool));
afterAll(() => rmSync(folder, { recursive: true }));

const image = (port: number) => ({
  registry: `127.0.0.1:${port}`,
  repository: "some/image",
  tag: "1",
  platforms: ["amd64", "arm64"],
  archive: Buffer.from("an archive"),
  again: "it's",
});

async function run(command: string, port: number, path = process.env["PATH"] ?? "") {
  const env = { ...process.env, PATH: path, http_proxy: "http://127.0.0.1:1" };
  const child = spawn("/bin/sh", ["-c", command], { env, stdio: ["pipe", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => (said.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (said.stderr += text.toString()));
  child.stdin.end(indexText(image(port)));
  const [code] = (await once(child, "close")) as [number];
  return { code, ...said };
}

/** A registry that has the three tags, and answers a DELETE with this status. */
async function withRegistry(
  status: number,
  work: (port: number, asked: string[]) => Promise<void>,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const tag = request.url?.split("/").at(-1) ?? "";
    if (request.method === "HEAD") response.setHeader("Docker-Content-Digest", `sha256:${tag}`);
    response.writeHead(request.method === "HEAD" ? 200 : status).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work((server.address() as AddressInfo).port, asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const path = "/v2/some/image/manifests";
const deleted = ["1", "1-amd64", "1-arm64"].flatMap((tag) => [
  `HEAD ${path}/${tag}`,
  `DELETE ${path}/sha256:${tag}`,
]);

describe("remove", () => {
  test.each([
    ["with curl", process.env["PATH"]],
    ["without curl", folder],
  ])("%s deletes the index and then its platforms by their digests", async (_, tools) => {
    await withRegistry(202, async (port, asked) => {
      expect(await run(indexRemove, port, tools)).toEqual({
        code: 0,
        stdout: `removed 127.0.0.1:${port}/some/image:1 from the registry\n`,
        stderr: "",
      });
      expect(asked).toEqual(deleted);
    });
  });

  test("a registry that accepts no DELETE keeps the image, which is said and is no failure", async () => {
    await withRegistry(405, async (port, asked) => {
      expect(await run(indexRemove, port)).toEqual({
        code: 0,
        stdout: `left 127.0.0.1:${port}/some/image:1: the registry does not accept DELETE (registry.deleteEnabled)\n`,
        stderr: "",
      });
      expect(asked).toEqual(deleted.slice(0, 2));
    });
  });

  test("a registry that does not answer is said, and is no failure", async () => {
    for (const tools of [process.env["PATH"], folder])
      expect(await run(indexRemove, 1, tools)).toEqual({
        code: 0,
        stdout: "left 127.0.0.1:1/some/image:1: the registry at 127.0.0.1:1 does not answer\n",
        stderr: "",
      });
  });
});

test("push is refused where there is no docker command", async () => {
  expect(await run(indexPush, 1, folder)).toEqual({
    code: 1,
    stdout: "",
    stderr:
      "expected the docker command on this host; found none: install it (docker-cli on Debian 13)\n",
  });
});

test("a text that is cut off does nothing", async () => {
  const child = spawn("/bin/sh", ["-s", "remove"], { stdio: ["pipe", "pipe", "ignore"] });
  let stdout = "";
  child.stdout.on("data", (text: Buffer) => (stdout += text.toString()));
  child.stdin.end(indexText(image(1)).slice(0, -2));
  const [code] = (await once(child, "close")) as [number];
  expect(code).not.toBe(0);
  expect(stdout).toBe("");
});
