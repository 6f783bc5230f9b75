import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { withLock } from "../lock";
import { must } from "../process";

/** The programs that a lab uses, with the Debian package of each. */
const TOOLS: Record<string, string> = {
  debootstrap: "debootstrap",
  "systemd-nspawn": "systemd-container",
  ip: "iproute2",
  openssl: "openssl",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  mount: "mount",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
};

/** The reason why this machine cannot have a lab; undefined if it can. */
export function whyNoLab(): string | undefined {
  if (process.platform !== "linux") return `a lab needs Linux; this is ${process.platform}`;
  if (process.getuid?.() !== 0)
    return "a lab needs root: it makes network namespaces and boots hosts";
  return undefined;
}

/** Installs missing programs for a lab, from the machine's own package sources. */
export async function ensureTools(log: (line: string) => void): Promise<void> {
  await ensurePrograms("the lab", TOOLS, log);
}

/**
 * Installs those of the programs that are missing.
 *
 * @param who  the name of the part that needs them, for the error without apt-get
 * @param tools  the Debian package of each program
 */
export async function ensurePrograms(
  who: string,
  tools: Record<string, string>,
  log: (line: string) => void,
): Promise<void> {
  const missing = Object.keys(tools).filter((tool) => !onPath(tool));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((tool) => tools[tool] ?? tool))];
  if (!onPath("apt-get")) {
    throw new Error(
      `${who} needs ${missing.join(", ")} on PATH, and this machine has no apt-get to install them with; ` +
        `on Debian they are in the packages ${packages.join(", ")}`,
    );
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // A second apt-get would end at once, because the first one holds the lock.
  await withLock(
    "apt",
    () => log("waiting for another process that installs packages"),
    async () => {
      log(`installing ${packages.join(", ")}`);
      await must("apt-get", ["update", "-qq"], { env });
      const install = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
      await must("apt-get", ["-o", "DPkg::Lock::Timeout=600", ...install], { env });
    },
  );
}

/** Whether a program is on PATH, or where Debian has those for root. */
export function onPath(program: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(":").concat("/usr/sbin", "/sbin");
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
