import { ensurePrograms, whyNoLab } from "../lab/machine/tools";
import { findBrowser } from "./ui/browser";

/**
 * Once before any test: the userlands that a host may have, beside this machine's own. The helper's functions are tested in
 * each of them; lab hosts are given a static busybox, and a login shell that is not sh. Where nothing can be installed, the
 * test that counts the userlands says which are missing.
 *
 * In the tests of hosts, skopeo judges what the registry and its backups hold. They and the tests of whole processes
 * need a browser. Where it cannot be installed, those that use it are skipped.
 */
export default async function prerequisites(
  _all: unknown,
  { displayName }: { displayName?: { name: string } } = {},
): Promise<void> {
  if (whyNoLab() !== undefined) return;
  const log = (line: string) => console.error(line);
  const programs = { busybox: "busybox-static", gawk: "gawk", mawk: "mawk", tcsh: "tcsh" };
  const judges: Record<string, string> =
    displayName?.name === "cluster" ? { skopeo: "skopeo" } : {};
  await ensurePrograms("npm test", { ...programs, ...judges }, log);
  const opensPages = ["process", "cluster"].includes(displayName?.name ?? "");
  if (!opensPages || findBrowser() !== undefined) return;
  try {
    await ensurePrograms("the page's tests", { chromium: "chromium" }, log);
  } catch (error) {
    log(`no browser: ${(error as Error).message}`);
  }
}
