import { existsSync } from "node:fs";
import { join } from "node:path";
import { whyNoLab } from "../../lab";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];

/** The path of a browser on this machine; undefined if there is none. */
export function findBrowser(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(":");
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

const whyNoBrowser = () =>
  findBrowser() === undefined ? `no ${NAMES.join(", ")} on PATH` : undefined;

/** `describe` for tests that need a browser and nothing else. */
export function describeInBrowser(title: string, tests: () => void): void {
  describeUnless(whyNoBrowser(), title, tests);
}

/** `describe` for tests of the page. They need a browser, and the registry server of the lab's hub, which only root makes. */
export function describePage(title: string, tests: () => void): void {
  describeUnless(whyNoLab() ?? whyNoBrowser(), title, tests);
}

function describeUnless(reason: string | undefined, title: string, tests: () => void): void {
  if (reason) describe.skip(`${title} (skipped: ${reason})`, tests);
  else describe(title, tests);
}
