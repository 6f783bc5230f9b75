import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { install, pack } from "./program/package";

jest.setTimeout(600_000);

const ROOT = join(__dirname, "..");

describe("the package that npm pack makes", () => {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  const installed = join(folder, "node_modules", "cluster-registry");
  let files: string[];

  beforeAll(() => {
    install(pack(folder), folder);
    files = readdirSync(installed, { recursive: true, withFileTypes: true })
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name).slice(installed.length + 1));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("has README, license, compiled JavaScript with types, and the helper's parts; no engine, no lab, no tests, no sources", () => {
    const others = files.filter((file) => !file.startsWith("dist/"));
    expect(others.sort()).toEqual(["LICENSE", "README.md", "package.json"]);
    const folders = new Set(files.map((file) => /^dist\/([^/]+)\//.exec(file)?.[1]));
    folders.delete(undefined);
    expect([...folders].sort()).toEqual([
      "build-context",
      "components",
      "decision",
      "helper",
      "images",
      "kube",
      "observation",
      "oci",
      "patch",
      "plugin",
      "registry",
      "report",
      "settings",
      "ssh",
      "ui",
    ]);
    const parts = ["images", "shell"].flatMap((part) =>
      readdirSync(join(ROOT, "helper", part)).map((file) => `dist/helper/${part}/${file}`),
    );
    // A preview lists the images, and the registry's timer runs the others.
    for (const name of readdirSync(join(ROOT, "images", "shell")))
      parts.push(`dist/images/shell/${name}`);
    expect(files.filter((file) => file.endsWith(".sh")).sort()).toEqual(parts.sort());
    const plugin = "dist/plugin/index";
    expect(files).toContain(`${plugin}.js`);
    const scripts = files.filter((file) => file.endsWith(".js") && file !== `${plugin}.js`);
    for (const script of scripts) expect(files).toContain(script.replace(/\.js$/, ".d.ts"));
    expect(files.filter((file) => /\.ts$/.test(file) && !file.endsWith(".d.ts"))).toEqual([
      `${plugin}.ts`,
    ]);
    expect(scripts).toContain("dist/components/index.js");
  });

  test("names every package that it requires as a dependency, and no other", () => {
    const required = new Set(
      files
        .filter((file) => file.endsWith(".js"))
        .flatMap((file) => [
          ...readFileSync(join(installed, file), "utf8").matchAll(
            /\b(?:require|import)\("([^".][^"]*)"\)/g,
          ),
        ])
        .map(([, name = ""]) => (/^(@[^/]+\/[^/]+|[^/]+)/.exec(name) ?? [""])[0])
        .filter((name) => !name.startsWith("node:") && !builtinModules.includes(name)),
    );
    const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect([...required].sort()).toEqual(Object.keys(dependencies).sort());
  });

  test("exports the components, and types that a strict program checks without skipLibCheck", () => {
    writeFileSync(
      join(folder, "index.ts"),
      `import * as pulumi from "@pulumi/pulumi";
import { ClusterRegistry, ContainerdMirror } from "cluster-registry";
const address: pulumi.Output<string> = pulumi.output("10.0.0.12");
const cluster = new ClusterRegistry("mine", {
  ssh: { user: "root", agent: true },
  registry: { host: "cp", address: "10.0.0.11" },
  nodes: [{ name: "cp", address: "10.0.0.11", role: "master" }, { name: "node01", address, role: "worker" }],
  mirrors: { "docker.io": ["https://mirror.gcr.io", { url: "https://a.example", skipVerify: true }] },
});
export const url: pulumi.Output<string> = cluster.registryUrl;
export const push: pulumi.Output<string> = cluster.commands.push;
export const mirror = new ContainerdMirror("node01", { host: { address, user: "root", agent: true }, registry: "10.0.0.11:5000" });
// @ts-expect-error: no caller passes a record id
new ContainerdMirror("node02", { host: { address: "10.0.0.13" }, registry: "10.0.0.11:5000", recordId: "mine" });
`,
    );
    const compiler = require.resolve("typescript/bin/tsc");
    for (const resolution of [
      ["nodenext", "nodenext"],
      ["commonjs", "node10"],
    ] as const) {
      const flags = ["--module", resolution[0], "--moduleResolution", resolution[1]];
      const types = ["--types", "node", "--typeRoots", join(ROOT, "node_modules", "@types")];
      const { stdout } = spawnSync(
        process.execPath,
        [compiler, "--noEmit", "--strict", "--target", "es2022", ...flags, ...types, "index.ts"],
        { cwd: folder, encoding: "utf8" },
      );
      expect(stdout).toBe("");
    }
    const names = spawnSync(
      process.execPath,
      ["-p", "Object.keys(require('cluster-registry')).sort().join()"],
      { cwd: folder, encoding: "utf8" },
    );
    expect(names.stdout.trim()).toBe(
      "AppImage,ClusterRegistry,ContainerdMirror,DaemonJsonPatch,DockerHost,LocalRegistryHosting,PullCheck,RegistryContainer,RegistryGcTimer,RegistryUi",
    );
  });
});
