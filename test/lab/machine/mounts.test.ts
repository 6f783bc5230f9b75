import { cgroupRoot } from "../../../lab/machine/cgroups";
import { parseMounts } from "../../../lab/machine/mounts";

test("parseMounts undoes the kernel's escapes and keeps the order", () => {
  const text =
    "tmpfs /run/with\\040space tmpfs rw 0 0\ncluster-registry-dev-node01 /a\\134b overlay rw,lowerdir=x 0 0\n";
  expect(parseMounts(text)).toEqual([
    { source: "tmpfs", target: "/run/with space", type: "tmpfs" },
    { source: "cluster-registry-dev-node01", target: "/a\\b", type: "overlay" },
  ]);
});

describe("the labs' control groups", () => {
  test("lie where control groups v2 are mounted, also beside v1", () => {
    const hybrid =
      "tmpfs /sys/fs/cgroup tmpfs rw 0 0\ncgroup /sys/fs/cgroup/cpu cgroup rw 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
    expect(cgroupRoot(hybrid)).toBe("/sys/fs/cgroup/unified/cluster-registry");
    expect(cgroupRoot("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")).toBe(
      "/sys/fs/cgroup/cluster-registry",
    );
  });

  test("cannot be had without v2, and the error says how to get it", () => {
    expect(() => cgroupRoot("tmpfs /run tmpfs rw 0 0\n")).toThrow(
      "a lab needs control groups v2: expected a mount of type cgroup2 in /proc/self/mounts, found none; " +
        "mount one: mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified",
    );
  });
});
