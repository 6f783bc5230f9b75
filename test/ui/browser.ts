import { existsSync } from "node:fs";
import { join } from "node:path";
import { whyNoLab } from "../../lab";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a browser on this machine; undefined if there is none. */
export function findBrowser(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** `describe` for tests of the page. They need a browser, and the registry server of the lab's hub, which only root makes. */
export function describePage(title: string, tests: () => void): void {
  const noBrowser = `no ${NAMES.join(", ")} on PATH`;
  const reason = whyNoLab() ?? (findBrowser() === undefined ? noBrowser : undefined);
  if (reason) describe.skip(`${title} (skipped: ${reason})`, tests);
  else describe(title, tests);
}
