import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
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

  test("names the hosts of the lab of that name, each at its address", () => {
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

test("Pulumi.yaml describes every setting that has a type there, and no other", () => {
  const { config } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, { description?: string; default?: unknown }>;
  };
  const declared = Object.keys(config).map((key) => key.split(":")[1]);
  expect([...declared, "docker"].sort()).toEqual(Object.keys(minimal()).sort());
  for (const { description } of Object.values(config)) expect(description).toMatch(/\S/);
});

function minimal() {
  return parseSettings({
    registry: { host: "a", address: "10.0.0.1" },
    nodes: [{ name: "a", address: "10.0.0.1", role: "master" }],
  });
}
