import { readFileSync } from "node:fs";
import { defineLab, startLab, type RunningLab } from "../../lab";
import { describeLab } from "../lab-only";
import { FIXTURE_HOST, FixtureProgram, comparable, fixtureResources } from "./fixture-program";

jest.setTimeout(300_000);

/** Where the lab's own registry image keeps its configuration; the fixture's image was another version. */
const LAB_COMMAND = ["serve", "/etc/docker/registry/config.yml"];
const FIXTURE_COMMAND = ["serve", "/etc/distribution/config.yml"];

describeLab("the fixture's program, run as a whole by the embedded engine", () => {
  let lab: RunningLab;
  let program: FixtureProgram;

  beforeAll(async () => {
    lab = await startLab(defineLab({ name: "fixture", octet: 95, hosts: ["host"] }));
    const host = lab.host("host");
    await host.succeed("DEBIAN_FRONTEND=noninteractive apt-get install -y docker.io");
    await host.waitUntilSucceeds("docker info", { timeoutSeconds: 60 });
    program = new FixtureProgram(host.address);
    program.privateKey = readFileSync(lab.privateKeyPath, "utf8");
    await program.create();
  });
  afterAll(async () => {
    program?.remove();
    await lab?.down();
  });

  /** A checkpoint's resources, with the fixture's host and key in place of the lab's. */
  async function made(): Promise<unknown> {
    const key = JSON.stringify(readFileSync(lab.privateKeyPath, "utf8"));
    const text = JSON.stringify(comparable(await program.resources()))
      .replaceAll(lab.host("host").address, FIXTURE_HOST)
      .replaceAll(key, '"(key)"')
      .replaceAll(JSON.stringify(LAB_COMMAND), JSON.stringify(FIXTURE_COMMAND));
    return JSON.parse(text);
  }

  test("writes what the Pulumi CLI wrote: URNs, types, inputs, defaults, outputs, secret marks, dependencies, providers, parents", async () => {
    const { address } = lab.host("host");
    const { changes, messages, outcome } = await program.run({ kind: "up", preview: false });
    expect({ changes, messages, outcome }).toEqual({
      changes: { create: 9 },
      // Which the real providers pass over in silence.
      messages: [
        `warning: root@${address}:22: hostKey is not set, so the host is not checked`,
        `warning: ${address}: its host key is not known, but StrictHostKeyChecking accepts it`,
      ],
      outcome: "succeeded",
    });
    const fixture = comparable(await fixtureResources());
    const key = /"-----BEGIN OPENSSH PRIVATE KEY-----[^"]*"/g;
    expect(await made()).toEqual(JSON.parse(JSON.stringify(fixture).replace(key, '"(key)"')));
  });

  test("finds nothing to do when it runs again and reads every resource first, and takes all away in the end", async () => {
    const again = await program.run({ kind: "up", preview: false, refresh: true });
    expect(again.changes).toEqual({ same: 9 });
    const read = await program.run({ kind: "refresh", preview: false });
    expect(read.changes).toEqual({ same: 9 });
    const gone = await program.run({ kind: "destroy", preview: false });
    expect(gone.changes).toEqual({ delete: 9 });
    expect(await program.resources()).toEqual([]);
    expect(await lab.host("host").succeed("docker ps -aq; docker volume ls -q")).toBe("");
  });
});
