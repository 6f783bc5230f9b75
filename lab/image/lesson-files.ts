/**
 * The hosts' two files as the lesson shows them before the change: the public mirrors are there, the private registry
 * is not.
 */
export const LESSON_MIRRORS = ["https://mirror.gcr.io", "https://docker-mirror.killer.sh"];

/** /etc/docker/daemon.json. */
export const LESSON_DAEMON_JSON = `{
  "exec-opts": ["native.cgroupdriver=systemd"],
  "log-driver": "json-file",
  "storage-driver": "overlay2",
  "registry-mirrors": [${LESSON_MIRRORS.map((url) => `"${url}"`).join(",")}],
  "mtu": 1454
}
`;

/**
 * /etc/containerd/config.toml: what `containerd config default` of containerd 1.x prints, with the mirrors of docker.io
 * and the systemd cgroup driver, as kubeadm's guides have it.
 *
 * Two settings are the lab's: a host here may neither load AppArmor profiles nor lower a process's OOM score.
 */
export function lessonContainerdConfig(defaults: string): string {
  const endpoints = [...LESSON_MIRRORS, "https://registry-1.docker.io"].map((url) => `"${url}"`);
  const table = `[plugins."io.containerd.grpc.v1.cri".registry.mirrors]`;
  return [
    [
      `      ${table}\n`,
      [
        `      ${table}\n`,
        `        [plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\n`,
        `          endpoint = [${endpoints.join(", ")}]\n`,
      ].join(""),
    ],
    ["SystemdCgroup = false", "SystemdCgroup = true"],
    ["disable_apparmor = false", "disable_apparmor = true"],
    ["restrict_oom_score_adj = false", "restrict_oom_score_adj = true"],
  ].reduce((text, [before, after]) => replaceOnce(text, before ?? "", after ?? ""), defaults);
}

function replaceOnce(text: string, before: string, after: string): string {
  const parts = text.split(before);
  if (parts.length !== 2) {
    throw new Error(
      `containerd's default configuration: expected ${JSON.stringify(before)} once, found it ${parts.length - 1} times; ` +
        "this version of containerd needs its own edit in lab/image/lesson-files.ts",
    );
  }
  return parts.join(after);
}
