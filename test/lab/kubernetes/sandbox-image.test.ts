import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sandboxArchive, sandboxImageName } from "../../../lab/kubernetes/sandbox-image";

test("the sandbox image's name is read from the dump of containerd 1.x and of 2.x", () => {
  const one = `[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    sandbox_image = "registry.k8s.io/pause:3.6"\n`;
  const two = `    [plugins.'io.containerd.cri.v1.images'.pinned_images]\n      sandbox = 'registry.k8s.io/pause:3.10'\n`;
  expect(sandboxImageName(one)).toBe("registry.k8s.io/pause:3.6");
  expect(sandboxImageName(two)).toBe("registry.k8s.io/pause:3.10");
  expect(() => sandboxImageName("version = 2\n")).toThrow(
    "containerd's configuration names no sandbox image",
  );
});

test("its archive is an image layout whose index has the name and whose blobs are all there", () => {
  const folder = mkdtempSync(join(tmpdir(), "sandbox-"));
  try {
    writeFileSync(join(folder, "program"), "does nothing");
    const archive = sandboxArchive(join(folder, "program"), "registry.k8s.io/pause:3.6");
    execFileSync("tar", ["-xf", "-", "-C", folder], { input: archive });
    const sums = execFileSync("sh", ["-c", "cd blobs/sha256 && sha256sum *"], { cwd: folder });
    const rows = sums
      .toString()
      .trim()
      .split("\n")
      .map((row) => row.split("  "));
    expect(rows.map(([sum]) => sum)).toEqual(rows.map(([, name]) => name));
    const index = execFileSync("cat", [join(folder, "index.json")]).toString();
    const [manifest] = (
      JSON.parse(index) as { manifests: { digest: string; annotations: object }[] }
    ).manifests;
    expect(manifest?.annotations).toEqual({
      "io.containerd.image.name": "registry.k8s.io/pause:3.6",
    });
    expect(rows.map(([, name]) => `sha256:${name}`)).toContain(manifest?.digest);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
