import type { RunningHost } from "../../../lab";
import { CONTAINERD, HOSTS, STARTS } from "../../../patch/containerd/readers";
import { type DaemonVersion, parseDaemonVersion } from "../../../patch/containerd/version";
import {
  carryOut,
  CERTS_D,
  CONFIG,
  planOn,
  pull,
  read,
  restartContainerd,
  write,
} from "../real-daemons";
import { type Given, REGISTRY, suggestions } from "./suggestions";

const MINUTE = 60_000;

/** Tests the table of readers with a real containerd, and follows every suggestion on a real node. */
export function readerTests(host: () => RunningHost, image: () => string): void {
  let original: Buffer | undefined;
  let daemon: DaemonVersion;
  const registry = (): string => image().split("/")[0] ?? "";
  const here = (text: string): string => text.replaceAll(REGISTRY, registry());

  beforeAll(async () => {
    original = await read(host(), CONFIG);
    const version = parseDaemonVersion(await host().succeed("containerd --version"));
    if (version === undefined) throw new Error("containerd does not say its version");
    daemon = version;
  }, MINUTE);
  afterAll(async () => {
    await clean(host());
    await write(host(), CONFIG, original);
    await restartContainerd(host());
  }, MINUTE);

  it(
    "does with every example of its readers what their table says",
    async () => {
      const starts = async (text: string): Promise<boolean> => {
        await write(host(), "/root/example.toml", Buffer.from(text));
        return (await host().exec("containerd --config /root/example.toml config dump")).code === 0;
      };
      const wrong: string[] = [];
      for (const [reader, facts] of Object.entries(CONTAINERD)) {
        for (const fact of facts) {
          const ofThis = fact.of(daemon);
          const found = [await starts(fact.example), await starts(fact.instead)];
          const expected = [!ofThis || fact.refusedAnyway !== undefined, true];
          if (found.join() !== expected.join())
            wrong.push(`${reader}: ${fact.does}: ${found.join()}`);
        }
      }
      expect(wrong).toEqual([]);
    },
    5 * MINUTE,
  );

  it(
    "loads CRI, or does not, with every example of the table of starts as it says",
    async () => {
      const loads = async (text: string): Promise<boolean> => {
        await write(host(), CONFIG, Buffer.from(text));
        return restartContainerd(host(), 10).then(
          () => true,
          () => false,
        );
      };
      const wrong: string[] = [];
      for (const fact of STARTS) {
        const found = [await loads(fact.example), await loads(fact.instead)];
        if (found.join() !== [!fact.of(daemon), true].join())
          wrong.push(`${fact.does}: ${found.join()}`);
      }
      expect(wrong).toEqual([]);
    },
    10 * MINUTE,
  );

  it(
    "does with every hosts.toml of the table what it says",
    async () => {
      const table = 'plugins."io.containerd.grpc.v1.cri".registry';
      await write(
        host(),
        CONFIG,
        Buffer.from(`version = 2\n[${table}]\nconfig_path = "${CERTS_D}"\n`),
      );
      await restartContainerd(host());
      const path = `${CERTS_D}/${registry()}/hosts.toml`;
      const pulls = async (text: string): Promise<boolean> => {
        await write(host(), path, Buffer.from(here(text)));
        return (await pull(host(), image())) === "pulled";
      };
      const wrong: string[] = [];
      for (const fact of HOSTS) {
        const found = [await pulls(fact.example), await pulls(fact.instead)];
        const expected = [!fact.of(daemon), true];
        if (found.join() !== expected.join()) wrong.push(`${fact.does}: ${found.join()}`);
      }
      expect(wrong).toEqual([]);
    },
    5 * MINUTE,
  );

  it(
    "pulls through what the suggestion of every refusal leads to",
    async () => {
      const failed: string[] = [];
      const tried = suggestions.filter(
        ({ versions, notReal }) => versions.includes(daemon.text) && notReal === undefined,
      );
      expect(tried.length).toBeGreaterThan(15);
      for (const { name, after } of tried) {
        const outcome = await pullsWith(host(), after).catch((error: unknown) => String(error));
        if (outcome !== "pulled") failed.push(`${name}: ${outcome}`);
      }
      expect(failed).toEqual([]);
    },
    15 * MINUTE,
  );

  async function pullsWith(node: RunningHost, { config, hosts = {}, asked = {} }: Given) {
    await clean(node);
    await write(node, CONFIG, Buffer.from(here(config)));
    for (const [path, text] of Object.entries(hosts)) {
      await write(node, here(path), Buffer.from(here(text)));
    }
    await carryOut(node, await planOn(node, registry(), asked));
    await restartContainerd(node);
    return pull(node, image());
  }
}

async function clean(node: RunningHost): Promise<void> {
  await node.succeed(`rm -rf ${CERTS_D} /etc/docker/certs.d /srv/certs.d /root/example.toml`);
}
