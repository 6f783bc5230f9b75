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
 * /etc/containerd/config.toml: what `containerd config default` prints, with the mirrors of docker.io and the systemd
 * cgroup driver, as kubeadm's guides have it. In the table of the default's own version: containerd 1.x prints version 2,
 * and 2.x version 3 with other names and quotes.
 *
 * Two settings are the lab's: a host here may neither load AppArmor profiles nor lower a process's OOM score.
 */
export function lessonContainerdConfig(defaults: string): string {
  return [
    /^version = 3$/m.test(defaults) ? MIRRORS_V3 : MIRRORS_V2,
    ["SystemdCgroup = false", "SystemdCgroup = true"] as const,
    ["disable_apparmor = false", "disable_apparmor = true"] as const,
    ["restrict_oom_score_adj = false", "restrict_oom_score_adj = true"] as const,
  ].reduce((text, [before, after]) => replaceOnce(text, before, after), defaults);
}

const ENDPOINTS = [...LESSON_MIRRORS, "https://registry-1.docker.io"];

const V2 = `plugins."io.containerd.grpc.v1.cri".registry`;
const MIRRORS_V2 = [
  `      [${V2}.mirrors]\n`,
  `      [${V2}.mirrors]\n` +
    `        [${V2}.mirrors."docker.io"]\n` +
    `          endpoint = [${ENDPOINTS.map((url) => `"${url}"`).join(", ")}]\n`,
] as const;

const V3 = `plugins.'io.containerd.cri.v1.images'.registry`;
const MIRRORS_V3 = [
  `    [${V3}]\n      config_path = ''\n`,
  `    [${V3}]\n      config_path = ''\n\n` +
    `      [${V3}.mirrors]\n` +
    `        [${V3}.mirrors.'docker.io']\n` +
    `          endpoint = [${ENDPOINTS.map((url) => `'${url}'`).join(", ")}]\n`,
] as const;

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
