import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { run } from "../../engine/operation";
import { Workspace } from "../../engine/stack";
import { LABS } from "../../lab";
import { parseSettings } from "../../settings/parse";

const ROOT = join(__dirname, "..", "..");

describe.each(Object.values(LABS))("Pulumi.$name.yaml", (lab) => {
  const { config } = parse(readFileSync(join(ROOT, `Pulumi.${lab.name}.yaml`), "utf8")) as {
    config: Record<string, unknown>;
  };
  const settings = parseSettings(
    Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.slice("cluster-registry:".length), value]),
    ),
  );

  test("names the hosts of the lab with the same name, with their addresses", () => {
    const { registry, nodes } = settings;
    const named = new Map(nodes.map(({ name, address }) => [name, address]));
    named.set(registry.host, registry.address);
    expect([...named].sort()).toEqual(lab.hosts.map(({ name, address }) => [name, address]).sort());
  });

  test("logs in with that lab's key and known hosts, whatever the user's ssh config says", () => {
    expect(settings.ssh).toMatchObject({
      privateKeyPath: `.lab/${lab.name}/id_ed25519`,
      knownHostsPath: `.lab/${lab.name}/known_hosts`,
      config: "none",
    });
  });
});

test("Pulumi.yaml describes every setting that has a default there, and no other", () => {
  const { config } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { description?: string; default?: unknown }>;
  };
  const declared = Object.keys(config).map((key) => key.split(":")[1]);
  expect([...declared, "docker"].sort()).toEqual(Object.keys(minimal()).sort());
  for (const each of Object.values(config)) {
    expect(each.description).toMatch(/\S/);
    // With a type, or without a default, Pulumi would stop at the first problem.
    expect(Object.keys(each).sort()).toEqual(["default", "description"]);
  }
});

test("with the engine, one error reports all problems, including missing values and wrong types", async () => {
  // Inside the project, because the program needs its packages.
  mkdirSync(join(ROOT, ".lab", "stacks"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".lab", "stacks", "problems-"));
  try {
    const project = readFileSync(join(ROOT, "Pulumi.yaml"), "utf8");
    writeFileSync(
      join(folder, "Pulumi.yaml"),
      project.replace(/^main: .*$/m, `main: ${join(ROOT, "index.ts")}`),
    );
    const config = {
      "cluster-registry:registry": { host: "a", port: 0 },
      "cluster-registry:bogus": 1,
      "cluster-registry:migrate": "maybe",
      "cluster-registry:ssh": [],
    };
    writeFileSync(join(folder, "Pulumi.test.yaml"), JSON.stringify({ config }));
    const env = { PULUMI_CONFIG_PASSPHRASE: "", PULUMI_BACKEND_URL: `file://${folder}` };
    const workspace = Workspace.open({ folder, stack: "test", env });
    await workspace.create("test");
    const messages: string[] = [];
    const { outcome } = await run(await workspace.load(), {
      kind: "up",
      preview: true,
      sink: (event) => {
        if (event.kind === "message" && event.severity === "error") messages.push(event.text);
      },
    });
    expect(outcome).toBe("failed");
    const text = messages.join("\n");
    expect(text).toContain("The configuration has 6 problems; no host was changed:\n");
    for (const problem of [
      "registry.address: missing: expected an IP address or a host name",
      "registry.port: expected a port from 1 to 65535, found 0",
      "nodes: expected at least one node, found []",
      "ssh: expected an object with ",
      'migrate: expected true or false, found "maybe"',
      "bogus: unknown key (known here: ",
    ]) {
      expect(text).toContain(`  cluster-registry:${problem}`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, 60_000);

function minimal() {
  return parseSettings({
    registry: { host: "a", address: "10.0.0.1" },
    nodes: [{ name: "a", address: "10.0.0.1", role: "master" }],
  });
}
