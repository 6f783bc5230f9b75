import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";
import { install, pack } from "../program/package";
import { testWithPulumi } from "./cli";

interface Schema {
  resources: Record<
    string,
    {
      isComponent: boolean;
      inputProperties: Record<string, unknown>;
      requiredInputs: string[];
      properties: Record<string, unknown>;
    }
  >;
}

describe("pulumi package get-schema on the package", () => {
  const folder = mkdtempSync(join(tmpdir(), "package-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  testWithPulumi(
    "has each component, with the arguments and outputs that TypeScript has, none of them a host's record or decision",
    async () => {
      const pulumi = await ensurePulumi(cacheFolder(), console.error);
      install(pack(folder), folder);
      const plugin = join(folder, "node_modules", "cluster-registry", "dist", "plugin", "index.js");
      const { status, stdout, stderr } = spawnSync(pulumi, ["package", "get-schema", plugin], {
        encoding: "utf8",
        env: {
          ...process.env,
          PULUMI_HOME: join(folder, "home"),
          PULUMI_SKIP_UPDATE_CHECK: "true",
        },
      });
      expect(status === 0 ? "" : stderr).toBe("");
      const { resources } = JSON.parse(stdout) as Schema;
      const of = (name: string) => resources[`cluster-registry:index:${name}`];
      expect(Object.keys(resources).sort()).toEqual(
        [
          "AppImage",
          "ClusterRegistry",
          "ContainerdMirror",
          "DaemonJsonPatch",
          "DockerHost",
          "LocalRegistryHosting",
          "PullCheck",
          "RegistryContainer",
          "RegistryGcTimer",
          "RegistryUi",
        ].map((name) => `cluster-registry:index:${name}`),
      );
      const cluster = of("ClusterRegistry");
      expect(cluster?.isComponent).toBe(true);
      expect(cluster?.requiredInputs).toEqual(["nodes", "registry"]);
      expect(Object.keys(cluster?.inputProperties ?? {})).toEqual([
        "caches",
        "docker",
        "gcTimer",
        "health",
        "kubernetes",
        "migrate",
        "mirrors",
        "nodes",
        "onProblem",
        "onUnreachable",
        "recreateDeleted",
        "registry",
        "rollout",
        "ssh",
        "ui",
      ]);
      expect(Object.keys(cluster?.properties ?? {})).toEqual([
        "caches",
        "commands",
        "imagePrefix",
        "nodes",
        "pullCheck",
        "registryUrl",
        "skipped",
        "uiUrl",
      ]);
      expect(of("PullCheck")?.requiredInputs).toEqual(["host", "registry"]);
      expect(Object.keys(of("PullCheck")?.properties ?? {})).toEqual(["results"]);
      expect(of("RegistryUi")?.requiredInputs).toEqual(["host", "registry"]);
      expect(Object.keys(of("RegistryUi")?.properties ?? {})).toEqual(["url"]);
      expect(of("RegistryGcTimer")?.requiredInputs).toEqual(["host", "onCalendar", "registry"]);
      expect(Object.keys(of("RegistryGcTimer")?.properties ?? {})).toEqual(["state"]);
      expect(of("ContainerdMirror")?.requiredInputs).toEqual(["host", "registry"]);
    },
    600_000,
  );
});
