import { mkdtempSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostFiles, hostsFile } from "../../../lab/host/files";
import { macAddress } from "../../../lab/host/start-keeper";
import { writeFiles } from "../../../lab/host/write-files";
import { dev } from "../../../lab/labs";

const identity = {
  machineId: "0".repeat(32),
  hostKey: { private: "PRIVATE\n", public: "ssh-ed25519 AAAA" },
};

test("a host knows the other hosts, itself, and the public registries at the hub", () => {
  expect(hostsFile(dev, "node01")).toBe(
    "127.0.0.1\tlocalhost\n" +
      "::1\tlocalhost ip6-localhost ip6-loopback\n" +
      "127.0.1.1\tnode01\n" +
      "172.30.1.2\tcontrolplane\n" +
      "172.30.3.2\tnode02\n" +
      "172.30.0.2\tmirror.gcr.io docker-mirror.killer.sh registry-1.docker.io\n",
  );
});

test("a host's files are its name, its machine-id, its own host key, and the logins", () => {
  const files = hostFiles(dev, "node01", identity, "ssh-ed25519 LOGIN");
  expect(files.map(({ path, mode, owner }) => `${path} ${mode.toString(8)} ${owner ?? 0}`)).toEqual(
    [
      "etc/hostname 644 0",
      "etc/machine-id 444 0",
      "etc/hosts 644 0",
      "etc/sysctl.d/k8s.conf 644 0",
      "etc/ssh/ssh_host_ed25519_key 600 0",
      "etc/ssh/ssh_host_ed25519_key.pub 644 0",
      "root/.ssh/authorized_keys 600 0",
      "home/ops/.ssh/authorized_keys 600 1001",
      "home/nosudo/.ssh/authorized_keys 600 1002",
    ],
  );
});

test("folders of the image keep the image's mode in the upper layer, new ones are the owner's alone", () => {
  const folder = mkdtempSync(join(tmpdir(), "cluster-registry-files-"));
  try {
    const [upper, image] = [join(folder, "upper"), join(folder, "image")];
    mkdirSync(upper);
    mkdirSync(join(image, "root"), { recursive: true, mode: 0o711 });
    const { uid } = statSync(folder);
    const path = "root/.ssh/authorized_keys";
    writeFiles(upper, image, [{ path, contents: "key\n", mode: 0o600, owner: uid }]);
    const mode = (name: string) => (statSync(join(upper, name)).mode & 0o7777).toString(8);
    expect([mode("root"), mode("root/.ssh"), mode(path)]).toEqual(["711", "700", "600"]);
    expect(readFileSync(join(upper, path), "utf8")).toBe("key\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an address always has the same hardware address, a locally administered one", () => {
  expect(macAddress("172.30.1.2")).toBe("02:63:ac:1e:01:02");
});
