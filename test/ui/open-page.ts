import type { Browser, Page } from "playwright-core";
import { Connection } from "../../ssh/connection";
import { buildPage } from "../../ui/build-page";
import type { PageInfo, PodsAnswer } from "../../ui/page-info";
import { RegistryRoute } from "../../ui/registry-route";
import { type PageServer, startServer } from "../../ui/server";
import { TestServer } from "../ssh/server";
import { overflow, violations } from "./in-browser";
import type { TestRegistry } from "./registry-server";

/** The registry's name as the nodes of these tests would use it. */
export const NAME = "10.0.0.11:5000";

/** The page's server, which reaches a registry through a real SSH server. */
export class ServedPage {
  private constructor(
    readonly server: PageServer,
    readonly ssh: TestServer,
  ) {}

  static async start(
    registry: TestRegistry,
    pods: PodsAnswer = { state: "no cluster" },
    info: Partial<PageInfo> = {},
  ): Promise<ServedPage> {
    const ssh = await TestServer.start();
    const target = { host: "127.0.0.1", port: registry.port };
    const server = await startServer({
      page: await buildPage(),
      info: {
        registry: NAME,
        readOnly: false,
        collectGarbage: "npm run gc -- --stack prod",
        applySettings: "npm run up -- --stack prod",
        ...info,
      },
      route: new RegistryRoute(() => Connection.open(ssh.login()), target),
      pods: () => Promise.resolve(pods),
      port: 0,
    });
    return new ServedPage(server, ssh);
  }

  async stop(): Promise<void> {
    await this.server.close();
    await this.ssh.close();
  }
}

/** One window with the page, which notes what the browser complains about. */
export class Window {
  readonly complaints: string[] = [];
  /** The paths of the requests that read manifests. */
  readonly manifests: string[] = [];

  private constructor(readonly page: Page) {
    page.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning")
        this.complaints.push(message.text());
    });
    page.on("pageerror", (error) => this.complaints.push(error.message));
    page.on("request", (request) => {
      const { pathname } = new URL(request.url());
      if (pathname.includes("/manifests/")) this.manifests.push(pathname);
    });
  }

  static async open(
    browser: Browser,
    { server }: ServedPage,
    route = "",
    { width = 1440, height = 900, dark = false, before = "" } = {},
  ): Promise<Window> {
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      reducedMotion: "reduce",
    });
    // It bounds a hang: a loaded machine reads ten thousand tags slowly.
    context.setDefaultTimeout(240_000);
    if (before !== "") await context.addInitScript(before);
    const window = new Window(await context.newPage());
    await window.page.goto(server.url);
    await window.page.getByRole("heading", { level: 1 }).waitFor();
    if (route !== "") await window.go(route);
    return window;
  }

  /** Goes to a view, and waits until it has read everything. */
  async go(route: string): Promise<void> {
    await this.page.evaluate((hash) => {
      (globalThis as unknown as { location: { hash: string } }).location.hash = hash;
    }, route);
    await this.read();
  }

  /** Waits until all that the view shows is read. */
  async read(): Promise<void> {
    await this.drawn();
    await this.page.locator("main[aria-busy=false]:not(:has(.pending))").waitFor();
    await this.drawn();
  }

  /** Waits until the browser has drawn what was done, and what followed from it. */
  async drawn(): Promise<void> {
    for (let frame = 0; frame < 4; frame++)
      await this.page.evaluate("new Promise((drawn) => requestAnimationFrame(drawn))");
  }

  /** The names of the tags in the order of the table. */
  async tags(): Promise<string[]> {
    return this.page.locator(".rows > .row .tag a").allInnerTexts();
  }

  /** One row's cells, as a person reads them. */
  async row(tag: string): Promise<string> {
    const row = this.page.locator(".rows > .row", {
      has: this.page.getByRole("link", { name: tag, exact: true }),
    });
    const cells = await row.getByRole("cell").allInnerTexts();
    return cells
      .map((cell) => cell.replace(/\s+/g, " ").trim())
      .filter((cell) => cell !== "")
      .join(" | ");
  }

  /** See `violations`, of the view as it is. */
  violations(): Promise<string[]> {
    return violations(this.page);
  }

  /** See `overflow`. */
  overflow(): Promise<number> {
    return overflow(this.page);
  }

  close(): Promise<void> {
    return this.page.context().close();
  }
}
