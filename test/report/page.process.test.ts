import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { reportPage } from "../../report/page";
import type { Report } from "../../report/row";
import { describeInBrowser } from "../ui/browser";
import { overflow, startBrowser, violations } from "../ui/in-browser";
import { HOSTILE_REPORT, SAMPLE } from "./sample";

jest.setTimeout(120_000);

describeInBrowser("the page of a report, as a file", () => {
  let browser: Browser;
  let folder: string;
  let page: Page;
  /** What the browser asked for, and what it complained about. */
  let requests: string[];
  let complaints: string[];

  beforeAll(async () => {
    browser = await startBrowser();
    folder = mkdtempSync(join(tmpdir(), "report-"));
  });
  afterEach(() => page.context().close());
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** @returns the page's address */
  async function open(
    report: Report = SAMPLE,
    options: Parameters<Browser["newContext"]>[0] = {},
  ): Promise<string> {
    const file = join(folder, "report.html");
    writeFileSync(file, reportPage(report, new Date()));
    page = await (await browser.newContext(options)).newPage();
    [requests, complaints] = [[], []];
    page.on("request", (request) => requests.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const url = pathToFileURL(file).href;
    await page.goto(url);
    return url;
  }

  const hosts = () => page.locator("tbody tr:visible th").allInnerTexts();
  const explained = () => page.locator("section:visible h3").allInnerTexts();
  const shown = () => page.getByRole("status").innerText();

  test("asks for nothing but itself, and its script runs under its policy", async () => {
    const url = await open();
    expect(await shown()).toBe("4 of 4 shown");
    expect({ requests, complaints }).toEqual({ requests: [url], complaints: [] });
  });

  test("shows only the states that are chosen, in the table and below it", async () => {
    await open();
    expect(await hosts()).toEqual(["cp", "node01", "node02", "cp"]);
    await page.getByLabel("in sync (2)").uncheck();
    expect(await hosts()).toEqual(["node01", "node02"]);
    await page.getByLabel("drifted (1)").uncheck();
    expect(await hosts()).toEqual(["node02"]);
    expect(await explained()).toEqual(["node02: containerd unreachable"]);
    expect(await shown()).toBe("1 of 4 shown");
    await page.getByLabel("in sync (2)").check();
    expect(await hosts()).toEqual(["cp", "node02", "cp"]);
  });

  test("finds every word of the search, in rows and in changed lines, in either case", async () => {
    await open();
    const search = page.getByLabel("Search");
    await search.fill("DEBIAN worker");
    expect(await hosts()).toEqual(["node01"]);
    await search.fill("version = 3");
    expect(await hosts()).toEqual(["node01"]);
    await search.fill("is it on?");
    expect(await explained()).toEqual(["node02: containerd unreachable"]);
    await search.fill("nothing");
    expect([await hosts(), await explained()]).toEqual([[], []]);
    await search.press("Enter");
    expect(await shown()).toBe("0 of 4 shown");
  });

  test("shows everything, and no filter, to a browser without scripts", async () => {
    await open(SAMPLE, { javaScriptEnabled: false });
    expect(await hosts()).toHaveLength(4);
    expect(await page.getByLabel("Search").count()).toBe(1);
    expect(await page.getByLabel("Search").isVisible()).toBe(false);
    const words = page.locator("noscript p");
    expect([await words.isVisible(), await words.innerText()]).toEqual([
      true,
      "unreachable: 1, drifted: 1, in sync: 2",
    ]);
  });

  test("runs no script of a hostile host", async () => {
    await open(HOSTILE_REPORT);
    expect(complaints).toEqual([]);
    expect(await page.locator("tbody td").nth(1).innerText()).toBe(
      "\"><script>alert(1)</script>'&\\u202e\\u001b[2J\\u0000",
    );
    expect(await page.locator("script").count()).toBe(1);
  });

  test.each([
    ["light", 1440],
    ["dark", 1440],
    ["light", 360],
    ["dark", 360],
  ] as const)(
    "gives axe nothing to find and never scrolls sideways: %s, %i pixels wide",
    async (colorScheme, width) => {
      await open(SAMPLE, { colorScheme, viewport: { width, height: 900 } });
      expect({ axe: await violations(page), overflow: await overflow(page) }).toEqual({
        axe: [],
        overflow: 0,
      });
    },
  );
});
