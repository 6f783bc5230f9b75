import { planRemoval, removalText, removeTags } from "../../images/remove";
import { RegistryClient } from "../../registry/client";
import { FakeRegistry } from "../registry/fake-registry";

const TYPE = "application/vnd.oci.image.manifest.v1+json";
const manifest = (text: string) => ({ schemaVersion: 2, layers: [], annotations: { text } });

test.each([2, 3] as const)(
  "distribution %i: a tag that was pushed since it was shown stays",
  async (version) => {
    const registry = new FakeRegistry(version);
    const client = new RegistryClient(registry.transport);
    registry.put("app", ["1", "2"], manifest("old"), TYPE);
    const shown = await planRemoval(client, ["app:1", "app:2"], undefined);
    const pushed = registry.put("app", ["2"], manifest("new"), TYPE);
    expect(await removeTags(client, shown)).toEqual(["app:1"]);
    expect(await client.digest("app", "1")).toBeUndefined();
    expect(await client.digest("app", "2")).toBe(pushed);
  },
);

test("the other tags of a digest are named, and every unknown name is an error", async () => {
  const registry = new FakeRegistry(3);
  const client = new RegistryClient(registry.transport);
  const digest = registry.put("app", ["1", "2"], manifest("a"), TYPE);
  expect(removalText(await planRemoval(client, ["app:1"], undefined), "r:5000")).toBe(
    `- r:5000/app:1  (${digest.slice(0, 19)})\n    the same image stays as 2\n`,
  );
  await expect(planRemoval(client, ["app:3", `app@${digest}`], undefined)).rejects.toThrow(
    `app@${digest}: expected NAME:TAG, found a digest: every tag of it would go\n` +
      "app:3 is not in the registry; `npm run images -- ls` lists what is",
  );
});
