import type { Browser } from "playwright-core";
import { ensureHubRoot } from "../../lab";
import { ensureDistribution, whyNoDistribution } from "../../lab/go/distribution";
import { cacheFolder } from "../../lab/paths";
import type { PodsAnswer } from "../../ui/page-info";
import { describePage } from "./browser";
import { fillMany, fillRegistry, MANY, Pusher } from "./contents";
import { startBrowser } from "./in-browser";
import { NAME, ServedPage, Window } from "./open-page";
import { fromHub, type Server, TestRegistry } from "./registry-server";

jest.setTimeout(300_000);

const log = (line: string) => console.error(line);

describePage("the page", () => {
  const registries: TestRegistry[] = [];
  const pages: ServedPage[] = [];
  let browser: Browser;
  let server: Server;

  beforeAll(async () => {
    browser = await startBrowser();
    server = fromHub(await ensureHubRoot(log));
  }, 900_000);
  afterAll(async () => {
    await browser?.close();
    for (const page of pages) await page.stop();
    for (const registry of registries) await registry.stop();
  });

  async function startRegistry({ of = server, deletes = true } = {}): Promise<TestRegistry> {
    const registry = await TestRegistry.start(of, { deletes });
    registries.push(registry);
    return registry;
  }

  async function serve(...args: Parameters<typeof ServedPage.start>): Promise<ServedPage> {
    const page = await ServedPage.start(...args);
    pages.push(page);
    return page;
  }

  describe("of distribution 2.8 with one of each kind", () => {
    let registry: TestRegistry;
    let served: ServedPage;
    let webDigest: string;
    let window: Window;

    beforeAll(async () => {
      registry = await startRegistry();
      ({ webDigest } = await fillRegistry(registry));
      await fillMany(registry);
      const web = (name: string, tag: string) => ({
        by: `Pod shop/${name}`,
        images: [`shop/web:${tag}`, `shop/web@${webDigest}`],
      });
      const pods: PodsAnswer = {
        state: "known",
        users: [
          web("web-1", "1.10.0"),
          web("web-2", "stable"),
          // No Pod runs it now.
          { by: "CronJob shop/report", images: ["shop/web:1.9.0", "myphpfpm:1.0"] },
        ],
      };
      served = await serve(registry, pods);
    });
    afterEach(() => window.close());

    test("has a tree of all repositories but the empty ones, which it counts and shows when asked", async () => {
      window = await Window.open(browser, served);
      const rows = () => window.page.getByRole("treeitem").locator(".name").allInnerTexts();
      await window.page.getByRole("treeitem").first().waitFor();
      const shown = ["charts", "web", "ci", "build-cache", "nightly", "odd", "mynginx", "myphpfpm"];
      expect(await rows()).toEqual([...shown, "shop", "api", "web"]);
      await window.page.getByText("1 empty repository hidden").waitFor();
      await window.page.getByRole("button", { name: "Show" }).click();
      expect(await rows()).toEqual([...shown, "old", "gone", "shop", "api", "web"]);
      expect(window.complaints).toEqual([]);
    });

    test("finds repositories by parts of their names", async () => {
      window = await Window.open(browser, served);
      await window.page.getByRole("treeitem").first().waitFor();
      await window.page.getByLabel("Search repositories").fill("WEB op");
      const names = window.page.getByRole("treeitem").locator(".name");
      expect(await names.allInnerTexts()).toEqual(["shop", "web"]);
      await window.page.getByLabel("Search repositories").fill("nothing");
      await window.page.getByText("No repository has nothing in its name.").waitFor();
    });

    test("lets the keyboard walk the tree, fold it, and open a repository", async () => {
      window = await Window.open(browser, served);
      const { page } = window;
      await page.getByRole("treeitem").first().waitFor();
      await page.getByLabel("Search repositories").focus();
      for (const key of ["Tab", "End", "ArrowLeft", "ArrowLeft"]) {
        await page.keyboard.press(key);
        await window.drawn();
      }
      const names = page.getByRole("treeitem").locator(".name");
      expect((await names.allInnerTexts()).at(-1)).toBe("shop");
      for (const key of ["ArrowRight", "ArrowRight", "Enter"]) {
        await page.keyboard.press(key);
        await window.drawn();
      }
      await page.getByRole("heading", { level: 1, name: "shop/api" }).waitFor();
    });

    test("shows each kind of tag as what it is", async () => {
      window = await Window.open(browser, served, "#/shop/api");
      expect(await window.row("2.1")).toMatch(
        /^2\.1 \| linux\/amd64 linux\/arm64 linux\/arm\/v7 \| 252 MB \| .* ago \| [0-9a-f]{12}/,
      );
      await window.go("#/charts/web");
      expect(await window.row("0.3.1")).toMatch(/^0\.3\.1 \| Helm chart \| /);
      await window.go("#/ci/build-cache");
      expect(await window.row("main")).toMatch(/^main \| Build cache \| 210 MB \| no date \| /);
      await window.go("#/shop/web");
      const signature = `${webDigest.replace(":", "-")}.sig`;
      expect(await window.row(signature)).toContain(" | Signature of ");
      expect(window.complaints).toEqual([]);
    });

    test("shows what is broken, and the rest of the repository too", async () => {
      window = await Window.open(browser, served, "#/ci/odd");
      expect(await window.row("broken")).toMatch(
        /^broken \| the config sha256:[0-9a-f]+ is not JSON: /,
      );
      expect(await window.row("half")).toContain("linux/amd64 1 missing");
      expect(await window.row("reproducible")).toContain("no date");
      await window.go("#/ci/odd:half");
      await expect(window.page.getByRole("alert").innerText()).resolves.toBe(
        "The registry does not have 1 manifest of this index, so these platforms cannot be pulled: linux/s390x",
      );
    });

    test("sorts tags by version, date and name, with signatures last", async () => {
      window = await Window.open(browser, served, "#/shop/web");
      const order = async (label: string) => {
        await window.page.getByLabel("Sort by").selectOption({ label });
        await window.read();
        return (await window.tags()).filter((tag) => /^\d/.test(tag));
      };
      const byVersion = ["1.10.0", "1.10.0-rc.1", "1.9.0", "1.2.1", "1.2.0", "1.0.0"];
      expect(await order("Version, newest first")).toEqual(byVersion);
      expect(await order("Version, oldest first")).toEqual([...byVersion].reverse());
      const byDate = ["1.2.1", "1.10.0", "1.10.0-rc.1", "1.9.0", "1.2.0", "1.0.0"];
      expect(await order("Date, newest first")).toEqual(byDate);
      const byName = ["1.0.0", "1.10.0", "1.10.0-rc.1", "1.2.0", "1.2.1", "1.9.0"];
      expect(await order("Name, A to Z")).toEqual(byName);
      expect((await window.tags()).at(-1)).toMatch(/^sha256-[0-9a-f]{64}\.sig$/);
      await window.page.getByRole("button", { name: "Created" }).click();
      await window.read();
      expect((await window.tags()).filter((tag) => /^\d/.test(tag))).toEqual(byDate);
      await window.page.getByLabel("Sort by").selectOption({ label: "Version, newest first" });
    });

    test("shows an image's layers with their steps, its labels, its other tags, and the Pods that use it", async () => {
      window = await Window.open(browser, served, "#/shop/web:1.10.0");
      const text = (await window.page.locator("main").innerText()).replace(/\s+/g, " ");
      expect(text).toContain("Layers and history 3 28.2 MB ADD file:8f6a33e in / ");
      expect(text).toContain("– ENV NGINX_VERSION=1.29.4 46.1 MB RUN set -x && groupadd");
      expect(text).toContain("org.opencontainers.image.revision 5f0c1d9");
      expect(text).toContain("The same digest has latest stable");
      expect(text).toContain("Used by shop/web-1 shop/web-2 by another tag");
      expect(text).toContain(`docker pull ${NAME}/shop/web@${webDigest}`);
    });

    test("warns of a workload that has no Pod now, before its image is deleted", async () => {
      window = await Window.open(browser, served, "#/shop/web:1.9.0");
      const { page } = window;
      const text = (await page.locator("main").innerText()).replace(/\s+/g, " ");
      expect(text).toContain("Used by CronJob shop/report");
      await page.getByRole("button", { name: "Delete…" }).click();
      const said = page.getByRole("dialog").getByRole("alert");
      expect((await said.innerText()).replace(/\s+/g, " ")).toBe(
        "1 workload names it: CronJob shop/report A running Pod goes on. A Pod that starts on a node without the image fails with ErrImagePull, if its tag or digest is gone.",
      );
      await page.getByRole("button", { name: "Cancel" }).click();
      await window.go("#/myphpfpm");
      expect(await window.row("1.0")).toContain("1 workload");
      await window.go("#/mynginx:1.0");
      await page.getByText("No Pod or workload of the cluster uses this image now.").waitFor();
    });

    test("folds attestations away, and opens a platform's layers", async () => {
      window = await Window.open(browser, served, "#/shop/api:2.1");
      const { page } = window;
      const provenance = page.getByText("https://slsa.dev/provenance/v1").first();
      await expect(provenance.isVisible()).resolves.toBe(false);
      await page.getByText("3 attestations").click();
      await provenance.waitFor();
      await expect(page.getByText("unknown").count()).resolves.toBe(0);
      await page.locator("summary", { hasText: "linux/arm64" }).click();
      await page.locator("details[open]").getByText("COPY api /usr/bin/api # 2.1").waitFor();
    });

    test("copies a pull command where the browser has no clipboard for plain HTTP", async () => {
      const before = "Object.defineProperty(navigator, 'clipboard', { value: undefined })";
      window = await Window.open(browser, served, "#/mynginx:1.0", { before });
      await window.page.getByRole("button", { name: "Copy pull by tag" }).click();
      await window.page.getByLabel("Search repositories").focus();
      await window.page.keyboard.press("Control+V");
      await expect(window.page.getByLabel("Search repositories").inputValue()).resolves.toBe(
        `docker pull ${NAME}/mynginx:1.0`,
      );
      await expect(window.page.locator("#announcements").innerText()).resolves.toBe(
        "Copied pull by tag",
      );
    });

    test("draws and reads of 10,000 tags only those on the screen", async () => {
      window = await Window.open(browser, served, "#/ci/nightly");
      const { page } = window;
      const table = page.getByRole("table", { name: "Tags of ci/nightly" });
      await expect(table.getAttribute("aria-rowcount")).resolves.toBe(`${MANY + 1}`);
      const first = page.getByRole("link", { name: `build-${MANY}`, exact: true });
      expect(await window.row(`build-${MANY}`)).toContain("linux/amd64");
      await first.focus();
      await page.keyboard.press("End");
      await page.getByRole("link", { name: "build-1", exact: true }).waitFor();
      await window.read();
      expect(await window.row("build-1")).toContain("linux/amd64 | 9.00 MB");
      expect(await page.locator(".rows > .row").count()).toBeLessThan(60);
      expect(window.manifests.length).toBeLessThan(400);
      await page.getByLabel("Filter tags").fill("d-777");
      await window.read();
      expect((await window.tags()).slice(0, 3)).toEqual(["build-7779", "build-7778", "build-7777"]);
    });

    test.each([
      ["light", 1440, false],
      ["dark", 1440, true],
      ["light", 360, false],
      ["dark", 360, true],
    ] as const)(
      "gives axe nothing to find and never scrolls sideways: %s, %i pixels wide",
      async (_, width, dark) => {
        window = await Window.open(browser, served, "", { width, dark });
        const routes = ["#/", "#/shop/web", "#/ci/nightly", "#/shop/api:2.1", "#/ci/odd:half"];
        for (const route of routes) {
          await window.go(route);
          const found = {
            route,
            axe: await window.violations(),
            overflow: await window.overflow(),
          };
          expect(found).toEqual({ route, axe: [], overflow: 0 });
        }
        await window.go("#/shop/web");
        await window.page.getByLabel("Select 1.10.0", { exact: true }).check();
        expect(await window.violations()).toEqual([]);
        await window.page.getByRole("button", { name: "Delete…" }).click();
        await window.page.getByText("2 Pods use it: ").waitFor();
        expect(await window.violations()).toEqual([]);
        expect(await window.overflow()).toBe(0);
      },
    );

    test("goes on after the SSH connection was cut", async () => {
      window = await Window.open(browser, served);
      const before = served.ssh.connections;
      served.ssh.cut();
      await window.go("#/shop/web");
      expect(await window.row("1.9.0")).toContain("linux/amd64");
      await expect(window.page.getByRole("alert").count()).resolves.toBe(0);
      expect(served.ssh.connections).toBe(before + 1);
    });

    test("deletes one tag of three with the same digest, after it has said who keeps it", async () => {
      window = await Window.open(browser, served, "#/shop/web:stable");
      const { page } = window;
      await page.getByRole("button", { name: "Delete…" }).click();
      const dialog = page.getByRole("dialog", { name: "Delete shop/web:stable?" });
      await dialog.getByText("2 Pods use it: shop/web-1 and shop/web-2").waitFor();
      const said = (await dialog.locator(".fates").innerText()).replace(/\s+/g, " ");
      expect(said).toBe(
        `stable goes; the image ${webDigest.slice(7, 19)} stays as latest and 1.10.0.`,
      );
      await dialog.getByRole("button", { name: "Cancel" }).click();
      await expect(registry.client.digest("shop/web", "stable")).resolves.toBe(webDigest);
      await page.getByRole("button", { name: "Delete…" }).click();
      await page.getByRole("button", { name: "Delete 1 tag" }).click();
      const done = page.getByRole("dialog", { name: "1 tag deleted" });
      await done.getByText("npm run gc -- --stack prod").waitFor();
      await done.getByRole("button", { name: "Close" }).click();
      await page.getByRole("heading", { level: 1, name: "shop/web" }).waitFor();
      await page.locator(".summary", { hasText: /^8 tags/ }).waitFor();
      await expect(registry.client.digest("shop/web", "stable")).resolves.toBeUndefined();
      await expect(registry.client.digest("shop/web", "latest")).resolves.toBe(webDigest);
      await expect(registry.client.digest("shop/web", "1.10.0")).resolves.toBe(webDigest);
    });

    test("deletes several tags at once, with the signatures of what goes", async () => {
      window = await Window.open(browser, served, "#/shop/web");
      const { page } = window;
      for (const tag of ["latest", "1.10.0", "1.0.0"])
        await page.getByLabel(`Select ${tag}`, { exact: true }).check();
      await page
        .getByRole("region", { name: "Selected tags" })
        .getByText("3 tags selected")
        .waitFor();
      await page.getByRole("button", { name: "Delete…" }).click();
      await page.getByLabel("Also delete 1 tag with signatures and attestations").check();
      await page.getByRole("button", { name: "Delete 4 tags" }).click();
      await page.getByRole("dialog", { name: "4 tags deleted" }).waitFor();
      await page.getByRole("button", { name: "Close" }).click();
      await page.locator(".summary", { hasText: /^4 tags/ }).waitFor();
      const left = ["1.10.0-rc.1", "1.2.0", "1.2.1", "1.9.0"];
      expect((await registry.client.tags("shop/web")).sort()).toEqual(left);
    });
  });

  const no3 = whyNoDistribution(cacheFolder());
  (no3 === undefined ? describe : describe.skip)(
    `of distribution 3${no3 === undefined ? "" : ` (skipped: ${no3})`}`,
    () => {
      test("lists tags over several pages, and deletes one tag of two with the same digest", async () => {
        const of = { program: await ensureDistribution(cacheFolder(), log), args: [] };
        const registry = await startRegistry({ of });
        await fillMany(registry, 1500);
        const app = new Pusher(registry.client, "app");
        const { digest } = await app.image("1.0");
        await app.image("latest");
        const window = await Window.open(browser, await serve(registry), "#/ci/nightly");
        const { page } = window;
        await page.locator(".summary", { hasText: "1,500 tags" }).waitFor();
        expect((await window.tags())[0]).toBe("build-1500");

        await window.go("#/app:latest");
        await page.getByRole("button", { name: "Delete…" }).click();
        await page.getByText("latest goes; the image").waitFor();
        await page.getByRole("button", { name: "Delete 1 tag" }).click();
        await page.getByRole("dialog", { name: "1 tag deleted" }).waitFor();
        expect(await registry.client.tags("app")).toEqual(["1.0"]);
        await expect(registry.client.digest("app", "1.0")).resolves.toBe(digest);
        await window.close();
      }, 900_000);
    },
  );

  describe("of a registry that takes no deletes", () => {
    test("says so before it asks, and how to switch them on; later, that the registry does not answer", async () => {
      const registry = await startRegistry({ deletes: false });
      await new Pusher(registry.client, "app").image("1.0");
      const window = await Window.open(browser, await serve(registry), "#/app:1.0");
      const { page } = window;
      await page.getByRole("button", { name: "Delete…" }).click();
      const dialog = page.getByRole("dialog", { name: "This registry takes no deletes" });
      await dialog.getByText("registry.deleteEnabled: true", { exact: true }).waitFor();
      await dialog.getByText("npm run up -- --stack prod", { exact: true }).waitFor();
      await expect(dialog.getByRole("button", { name: /^Delete/ }).count()).resolves.toBe(0);
      await dialog.getByRole("button", { name: "Close" }).click();

      await registry.stop();
      await page.getByRole("button", { name: "Reload" }).click();
      await expect(page.getByRole("alert").locator("p").innerText()).resolves.toContain(
        `The registry at 127.0.0.1:${registry.port} does not answer: `,
      );
      await page.getByRole("button", { name: "Try again" }).waitFor();
      await window.close();
    });
  });

  describe("with --read-only", () => {
    test("offers no deletion, and its server refuses one", async () => {
      const registry = await startRegistry();
      const { digest } = await new Pusher(registry.client, "app").image("1.0");
      const window = await Window.open(
        browser,
        await serve(registry, undefined, { readOnly: true }),
        "#/app",
      );
      const { page } = window;
      await page.getByText("Read-only", { exact: true }).waitFor();
      expect(await window.row("1.0")).toContain("linux/amd64");
      await expect(page.getByRole("checkbox").count()).resolves.toBe(0);
      const refused = await page.evaluate(async (of) => {
        const answer = await fetch(`/v2/app/manifests/${of}`, { method: "DELETE" });
        return [answer.status, await answer.text()];
      }, digest);
      expect(refused).toEqual([
        403,
        '{"errors":[{"code":"REFUSED","message":"this page runs with --read-only, so it changes nothing"}]}',
      ]);
      await expect(registry.client.digest("app", "1.0")).resolves.toBe(digest);
      await window.close();
    });
  });
});
