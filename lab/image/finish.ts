import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must } from "../process";
import { LESSON_DAEMON_JSON, lessonContainerdConfig } from "./lesson-files";
import { indexFolder } from "./package-folder";

/** The last step of a build, easier said here than in the shell: the lesson's two files, and the folder of packages as apt's only source. */
export async function finish(rootfs: string): Promise<void> {
  const defaults = await must("chroot", [rootfs, "containerd", "config", "default"]);
  writeFileSync(join(rootfs, "etc/containerd/config.toml"), lessonContainerdConfig(defaults));
  mkdirSync(join(rootfs, "etc/docker"), { recursive: true });
  writeFileSync(join(rootfs, "etc/docker/daemon.json"), LESSON_DAEMON_JSON);
  await indexFolder(join(rootfs, "srv/packages"));
  writeFileSync(join(rootfs, "etc/apt/sources.list"), "deb [trusted=yes] file:/srv/packages ./\n");
  await must("chroot", [rootfs, "apt-get", "update"]);
}
