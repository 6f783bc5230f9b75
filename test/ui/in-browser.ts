import { readFileSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { findBrowser } from "./browser";

export const startBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: findBrowser() ?? "",
    // Root may run it only without its sandbox; it opens nothing but the page. On a busy machine without a graphics card, the
    // process that stands in for one can stop drawing, and then a test waits for ever.
    args: ["--no-sandbox", "--disable-gpu"],
  });

/** What axe finds in a page as it is: rule and element. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(require.resolve("axe-core/axe.min.js"), "utf8"));
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
    };
    const found = await axe.run();
    return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
  });
}

/** How much wider a document is than its window, in pixels. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => {
    const { document, innerWidth } = globalThis as unknown as {
      document: { documentElement: { scrollWidth: number } };
      innerWidth: number;
    };
    return document.documentElement.scrollWidth - innerWidth;
  });
}
