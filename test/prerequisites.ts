import { ensurePrograms, whyNoLab } from "../lab/machine/tools";

/**
 * Once before any test: the userlands that a host may have, beside this machine's own. The helper's functions are tested in
 * each of them; lab hosts are given a static busybox, and a login shell that is not sh. Where nothing can be installed, the
 * test that counts the userlands says which are missing. skopeo judges what the registry and its backups hold.
 */
export default async function prerequisites(): Promise<void> {
  if (whyNoLab() !== undefined) return;
  const log = (line: string) => console.error(line);
  const userlands = { busybox: "busybox-static", gawk: "gawk", mawk: "mawk", tcsh: "tcsh" };
  await ensurePrograms("npm test", { ...userlands, skopeo: "skopeo" }, log);
}
