import { defineLab, nginxImage, type RunningHost, type RunningLab, startLab } from "../../lab";
import { cacheFolder } from "../../lab/paths";
import { describeLab } from "../lab-only";
import { findBrowser } from "../ui/browser";
import { startBrowser } from "../ui/in-browser";
import { about, pushImage, TestStack } from "./stack";

const FOLDER = "/var/lib/cluster-registry-ui";
const CONF = `${FOLDER}/nginx.conf`;
const PAGE = `${FOLDER}/page/index.html`;
const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

describeLab("the page on the registry's host", () => {
  let lab: RunningLab;
  let host: RunningHost;
  let stack: TestStack;
  let url: string;
  let before: string;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "page150", octet: 150, hosts: ["registry"] }));
    await lab.offer("library/nginx", ["latest"], await nginxImage(cacheFolder(), console.error));
    host = lab.host("registry");
    url = `http://${host.address}:8080`;
    stack = TestStack.lesson(lab, { ui: {} });
    before = await everything(host);
  });

  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  const status = async (method: string, path: string) =>
    (await fetch(`${url}${path}`, { method })).status;
  const digestOf = async (image: string) => {
    const [, name, tag] = /^(.*):(.*)$/.exec(image) ?? [];
    const headers = { accept: MANIFEST };
    const answer = await fetch(`${url}/v2/${name}/manifests/${tag}`, { method: "HEAD", headers });
    return answer.headers.get("docker-content-digest") ?? undefined;
  };
  const container = () =>
    host.succeed("docker inspect -f '{{.Id}} {{.State.Running}}' registry-ui");

  test("up says where it is; the page and the registry's API have one origin; a second up changes nothing", async () => {
    const { stdout } = await stack.succeed(stack.up());
    expect(stdout).toMatch(new RegExp(`uiUrl\\s*: "${url}"`));
    // Docker starts no container while containerd restarts.
    expect(stdout).toMatch(/containerd mirror created[^]*registry page created/);
    await pushImage(host, `${host.address}:5000`, "shop/web:1.0");
    await pushImage(host, `${host.address}:5000`, "shop/web:2.0");
    const page = await fetch(url);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'; script-src");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await page.text()).toBe(await host.succeed(`cat ${PAGE}`));
    expect(await (await fetch(`${url}/ui.json`)).json()).toEqual({
      registry: `${host.address}:5000`,
      readOnly: false,
      collectGarbage: "npm run gc -- --stack test",
      applySettings: "npm run up -- --stack test",
    });
    expect(await (await fetch(`${url}/v2/_catalog`)).json()).toEqual({
      repositories: ["shop/web"],
    });
    const { stdout: nothing } = await stack.succeed(stack.preview("--expect-no-changes"));
    expect(nothing).not.toContain("registry-ui");
    const { stdout: report } = await stack.succeed(stack.run("report"));
    expect(report).toMatch(
      / page +- +in sync +\S+ \S+Z +\/var\/lib\/cluster-registry-ui\/nginx.conf, /,
    );
    expect(report).toMatch(/\n5 of 5 in sync\n$/);
  });

  (findBrowser() === undefined ? test.skip : test)(
    "a browser shows the images, and deletes one tag of distribution 2",
    async () => {
      const browser = await startBrowser();
      try {
        const page = await browser.newPage();
        const complaints: string[] = [];
        page.on("console", (message) => complaints.push(message.text()));
        await page.goto(`${url}/#/shop/web:1.0`);
        await page.getByRole("button", { name: "Delete…" }).click();
        await page.getByText("Whether Pods use it is not known here.").waitFor();
        await page.getByRole("button", { name: "Delete 1 tag" }).click();
        await page.getByRole("dialog", { name: "1 tag deleted" }).waitFor();
        // The browser itself tells of the delete by tag that distribution 2 refuses, and of what is not there yet.
        expect(complaints.filter((text) => !/status of 40[04]/.test(text))).toEqual([]);
      } finally {
        await browser.close();
      }
      expect(await digestOf("shop/web:1.0")).toBeUndefined();
      expect(await digestOf("shop/web:2.0")).toMatch(/^sha256:/);
    },
  );

  test("nothing that the page does not need gets through", async () => {
    expect(await status("PATCH", "/v2/shop/web/blobs/uploads/x")).toBe(403);
    expect(await status("DELETE", `/v2/shop/web/blobs/sha256:${"0".repeat(64)}`)).toBe(403);
    expect(await status("POST", "/v2/shop/web/manifests/1.0")).toBe(403);
    const large = { method: "PUT", body: "x".repeat(265) };
    expect((await fetch(`${url}/v2/shop/web/manifests/1.0`, large)).status).toBe(413);
    expect(await status("PUT", "/")).toBe(405);
    expect(await status("GET", "/nginx.conf")).toBe(404);
  });

  test("readOnly takes effect: a delete is refused with 403, and reading goes on", async () => {
    const digest = await digestOf("shop/web:2.0");
    stack.change({ ui: { readOnly: true } });
    const { stdout } = await stack.succeed(stack.preview());
    expect(stdout).toMatch(about("registry", "settings changed"));
    expect(stdout).not.toContain("<!doctype");
    await stack.succeed(stack.up());
    const refused = await fetch(`${url}/v2/shop/web/manifests/${digest}`, { method: "DELETE" });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toEqual({
      errors: [
        {
          code: "REFUSED",
          message: "this page runs with ui.readOnly: true, so it changes nothing",
        },
      ],
    });
    expect(await status("POST", "/v2/shop/web/blobs/uploads/")).toBe(403);
    expect(await digestOf("shop/web:2.0")).toBe(digest);
    expect(await (await fetch(`${url}/ui.json`)).json()).toMatchObject({ readOnly: true });
  });

  test("a file that somebody edits is drift: a preview shows it, and up repairs it and starts nginx anew", async () => {
    const held = await host.succeed(`cat ${CONF} ${PAGE}`);
    await host.succeed(`sed -i 's/limit_except GET /limit_except GET DELETE /' ${CONF}`);
    await host.succeed(`docker restart -t 0 registry-ui; echo '<p>hello</p>' >> ${PAGE}`);
    const old = await container();
    const { stdout } = await stack.succeed(stack.preview());
    expect(stdout).toMatch(about("registry", "drift on the host"));
    expect(stdout).toContain("-      limit_except GET DELETE { deny all; }");
    expect(stdout).toContain(PAGE);
    expect(stdout).toMatch(/-\d+ bytes, sha256 [0-9a-f]{64}/);
    const report = await stack.run("report");
    expect(report.code).toBe(1);
    expect(report.stdout).toContain("\nregistry page: drifted: drift on the host\n");
    await stack.succeed(stack.up());
    expect(await host.succeed(`cat ${CONF} ${PAGE}`)).toBe(held);
    expect(await container()).not.toBe(old);
    expect(await status("DELETE", `/v2/shop/web/manifests/sha256:${"0".repeat(64)}`)).toBe(403);
  });

  test("a container that is gone is made again; a port that another program has is told", async () => {
    await host.succeed("docker rm -f registry-ui");
    stack.change({ ui: { port: 22 } });
    const { code, stdout, stderr } = await stack.up();
    expect(code).not.toBe(0);
    const said = stdout + stderr;
    expect(said).toContain(
      "the container registry-ui was removed outside of this stack: up recreates it",
    );
    expect(said).toContain("found that its nginx does not start");
    expect(said).toContain("bind() to 0.0.0.0:22 failed (98: Address already in use)");
    expect(said).toContain(
      "If another program of this host has the port 22, set ui.port to a free one.",
    );
  });

  test("a stopped container is started; bound to 127.0.0.1, only the host itself reaches it", async () => {
    await host.succeed("docker stop -t 0 registry-ui");
    stack.change({ ui: { bind: "127.0.0.1" } });
    const { stdout } = await stack.succeed(stack.up());
    expect(stdout).toMatch(/uiUrl\s*: .*"http:\/\/127\.0\.0\.1:8080"/);
    expect(
      await host.succeed("curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1:8080"),
    ).toBe("200");
    await expect(fetch(url)).rejects.toThrow();
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("bound to ::, it is reached by IPv4 and IPv6", async () => {
    stack.change({ ui: { bind: "::" } });
    const { stdout } = await stack.succeed(stack.up());
    expect(stdout).toMatch(new RegExp(`uiUrl\\s*: .*"${url}"`));
    expect((await fetch(url)).status).toBe(200);
    expect(await host.succeed("curl -sS -o /dev/null -w '%{http_code}' 'http://[::1]:8080'")).toBe(
      "200",
    );
    await stack.succeed(stack.preview("--expect-no-changes"));
  });

  test("without the setting a preview shows that the page goes; destroy leaves the host as it was", async () => {
    const others = Object.entries(stack.current).filter(([key]) => key !== "ui");
    stack.configure(Object.fromEntries(others));
    const { stdout } = await stack.succeed(stack.preview());
    expect(stdout).toMatch(
      about("registry", "changes to the registry's page that will be undone:"),
    );
    expect(stdout).toContain(`${PAGE}: removed.`);
    // Edited by hand, they are this program's all the same.
    await host.succeed(`sed -i 's/worker_processes 2/worker_processes 1/' ${CONF}`);
    await stack.succeed(stack.destroy());
    expect(await everything(host)).toBe(before);
    expect(await host.succeed("docker ps -aq")).toBe("");
  });
});

/** The files that this program changes, and the folders that it makes. */
const everything = (host: RunningHost) =>
  host.succeed(
    "sha256sum /etc/containerd/config.toml /etc/docker/daemon.json; ls -d /var/lib/cluster-registry*; true",
  );
