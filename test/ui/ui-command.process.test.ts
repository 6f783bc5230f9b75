import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { Workspace } from "../../engine/stack";
import { GOOD_KEY, TestServer } from "../ssh/server";

jest.setTimeout(120_000);

const ROOT = join(__dirname, "..", "..");

describe("npm run ui", () => {
  const folder = mkdtempSync(join(tmpdir(), "ui-"));
  const env = {
    ...process.env,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: "",
  };
  let registry: Server;
  let ssh: TestServer;

  beforeAll(async () => {
    // It notes what reaches it, headers too: the real registries are in the tests of the page.
    registry = createServer((asked, answer) => {
      answer.setHeader("docker-content-digest", "sha256:ab");
      answer.end(JSON.stringify({ method: asked.method, url: asked.url, headers: asked.headers }));
    });
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    const { port } = registry.address() as AddressInfo;
    ssh = await TestServer.start({ targets: { "10.0.0.11:5000": port } });
    writeFileSync(join(folder, "key"), GOOD_KEY.private, { mode: 0o600 });
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      `name: cluster-registry\nruntime: nodejs\nmain: ${ROOT}\n`,
    );
    writeFileSync(
      join(folder, "Pulumi.prod.yaml"),
      `config:
  cluster-registry:registry:
    host: cp1
    address: 10.0.0.11
    sshAddress: 127.0.0.1
    ssh: { port: ${ssh.port}, hostKey: "${ssh.hostKeys[0]}" }
  cluster-registry:nodes:
    - { name: node01, address: 10.0.0.12, role: worker }
  cluster-registry:ssh: { user: root, privateKeyPath: ${join(folder, "key")}, config: none, hostKey: "${ssh.hostKeys[0]}" }
`,
    );
    await Workspace.open({ folder, stack: "prod", env }).create("prod");
  });
  afterAll(async () => {
    await ssh.close();
    registry.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(...flags: string[]) {
    const args = ["cli/run.mjs", "ui", "--cwd", folder, "--stack", "prod", ...flags];
    return spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  test("prints an address with a key, serves the page and the registry through SSH, and ends with Ctrl-C", async () => {
    const command = start("--read-only");
    const errors = text(command.stderr);
    const [line] = (await Promise.race([
      once(command.stdout, "data"),
      errors.then((said) => {
        throw new Error(said);
      }),
    ])) as [Buffer];
    const url = new URL(line.toString().trim());
    expect(url.href).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?key=[0-9a-f]{32}$/);

    const withoutKey = await get(url, "/v2/_catalog", {});
    expect(withoutKey.status).toBe(401);
    const login = await get(url, url.pathname + url.search, {});
    expect([login.status, login.headers.location]).toEqual([303, "/"]);
    const cookie = login.headers["set-cookie"]?.[0] ?? "";
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
    const own = { cookie: cookie.split(";")[0] };

    const page = await get(url, "/", own);
    expect(page.status).toBe(200);
    expect(page.headers["cache-control"]).toBe("no-store");
    expect(page.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'sha256-/,
    );
    expect(page.text.length).toBeLessThan(100_000);
    expect(JSON.parse((await get(url, "/ui.json", own)).text)).toEqual({
      registry: "10.0.0.11:5000",
      readOnly: true,
      collectGarbage: "npm run gc -- --stack prod",
      applySettings: "npm run up -- --stack prod",
    });
    expect(JSON.parse((await get(url, "/pods.json", own)).text)).toEqual({ state: "no cluster" });

    const answer = await get(url, "/v2/_catalog?n=1000", { ...own, accept: "application/json" });
    expect(answer.headers["docker-content-digest"]).toBe("sha256:ab");
    expect(answer.headers["content-security-policy"]).toBe("default-src 'none'; sandbox");
    const { method, url: asked, headers } = JSON.parse(answer.text) as Record<string, unknown>;
    expect([method, asked]).toEqual(["GET", "/v2/_catalog?n=1000"]);
    expect(headers).toEqual({
      host: "10.0.0.11:5000",
      accept: "application/json",
      connection: "keep-alive",
    });
    expect(ssh.connections).toBe(1);

    command.kill("SIGINT");
    const [code] = (await once(command, "close")) as [number];
    expect(code).toBe(0);
    expect(await errors).toBe("serving the registry 10.0.0.11:5000; Ctrl-C ends this\n");
  });

  test.each([
    [["--port", "80a"], "error: --port: expected a port from 0 to 65535, found 80a\n"],
    [["more"], "error: unknown argument: more\n"],
  ])("refuses %j", async (flags, error) => {
    const command = start(...flags);
    const [said] = await Promise.all([text(command.stderr), once(command, "close")]);
    expect(said).toContain(error);
    expect(command.exitCode).toBe(1);
  });
});

interface Answer {
  status: number;
  headers: Record<string, string | undefined> & { "set-cookie"?: string[] };
  text: string;
}

function get(url: URL, path: string, headers: Record<string, string | undefined>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, path, headers }, (response) => {
      text(response).then(
        (body) =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Answer["headers"],
            text: body,
          }),
        reject,
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}
