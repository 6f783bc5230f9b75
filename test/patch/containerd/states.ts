import type { RunningHost } from "../../../lab";
import {
  carryOut,
  CERTS_D,
  CONFIG,
  dumpEdited,
  PLAIN_HTTP,
  planOn,
  pull,
  read,
  restartContainerd,
  undo,
  write,
} from "../real-daemons";

const MINUTE = 60_000;

/** The possible states of a node's containerd before a plan: its default, the lesson's, and hosts.toml. */
const states: Record<string, (config: string) => string> = {
  "its default file": (config) => config,
  "the lesson's mirrors": (config) => {
    const table = /version = 3/.test(config)
      ? "plugins.'io.containerd.cri.v1.images'.registry"
      : 'plugins."io.containerd.grpc.v1.cri".registry';
    const mirror = `[${table}.mirrors."docker.io"]\n  endpoint = ["https://mirror.gcr.io"]\n`;
    return `${config.replace(/config_path = ''(?=\n\n +\[plugins.'io.containerd.cri.v1.images'.image)/, "config_path = ''")}${mirror}`;
  },
  "a directory of hosts.toml": (config) => {
    const quote = config.includes("config_path = ''") ? "'" : '"';
    const [first, ...rest] = config.split(`config_path = ${quote}${quote}`);
    return `${first}config_path = ${quote}${CERTS_D}${quote}${rest.join(`config_path = ${quote}${quote}`)}`;
  },
};

/** Restores containerd's file after the tests. */
function keepsConfig(host: () => RunningHost): void {
  let original: Buffer | undefined;
  beforeAll(async () => {
    original = await read(host(), CONFIG);
  }, MINUTE);
  afterAll(async () => {
    await write(host(), CONFIG, original);
    await restartContainerd(host());
  }, MINUTE);
}

/**
 * The whole way on one real node, for each state: the pull fails, the plan is applied, CRI is there and pulls, the plan
 * is undone, the original bytes are back, and the pull fails as before.
 */
export function nodeTests(host: () => RunningHost, image: () => string): void {
  keepsConfig(host);

  it.each(Object.entries(states))(
    "%s: pulls once it is patched, and fails as before once that is undone",
    async (name, prepare) => {
      const node = host();
      const config = prepare(await node.succeed("containerd config default"));
      await write(node, CONFIG, Buffer.from(config));
      await restartContainerd(node);
      expect(await pull(node, image())).toContain(PLAIN_HTTP);

      const registry = image().split("/")[0] ?? "";
      const plan = await planOn(node, registry);
      expect(plan.activate).toBe(name === "a directory of hosts.toml" ? "none" : "restart");
      await carryOut(node, plan);
      expect(await pull(node, image())).toBe("pulled");

      const again = await planOn(node, registry);
      expect(again.files.every(({ edits }) => edits.length === 0)).toBe(true);

      await undo(node, plan);
      expect((await read(node, CONFIG))?.toString()).toBe(config);
      await node.fail(`ls ${CERTS_D}/*/hosts.toml`);
      expect(await pull(node, image())).toContain(PLAIN_HTTP);
    },
    3 * MINUTE,
  );

  it(
    "mirrors are moved to hosts.toml by migrate, and CRI pulls through it",
    async () => {
      const node = host();
      const prepare = states["the lesson's mirrors"];
      const config = prepare?.(await node.succeed("containerd config default")) ?? "";
      await write(node, CONFIG, Buffer.from(config));
      await restartContainerd(node);
      const plan = await planOn(node, image().split("/")[0] ?? "", { migrate: true });
      await carryOut(node, plan);
      expect(await pull(node, image())).toBe("pulled");
      expect(await node.succeed(`cat ${CERTS_D}/docker.io/hosts.toml`)).toContain("mirror.gcr.io");
      for (const file of plan.files) await write(node, file.path, file.base);
      await restartContainerd(node);
      expect(await pull(node, image())).toContain(PLAIN_HTTP);
    },
    3 * MINUTE,
  );

  it.each(["the lesson's mirrors", "its default file"])(
    "%s: the docker.io list is planned too, and present: false takes the registry out again",
    async (name) => {
      const node = host();
      const registry = image().split("/")[0] ?? "";
      const config = states[name]?.(await node.succeed("containerd config default")) ?? "";
      await write(node, CONFIG, Buffer.from(config));
      await restartContainerd(node);
      const mirrors = { "docker.io": ["https://mirror.gcr.io", "https://registry-1.docker.io"] };
      const plan = await planOn(node, registry, { mirrors });
      await carryOut(node, plan);
      expect(await pull(node, image())).toBe("pulled");
      expect(await pull(node, "docker.io/library/busybox:latest")).toBe("pulled");
      expect((await planOn(node, registry, { mirrors })).activate).toBe("none");

      const removal = await planOn(node, registry, { mirrors, present: false });
      const inHosts = name === "its default file";
      expect(removal.activate).toBe(inHosts ? "none" : "restart");
      await carryOut(node, removal);
      expect(await pull(node, image())).toContain(PLAIN_HTTP);
      await node.fail(`ls ${CERTS_D}/*/hosts.toml`);
      const left = (await read(node, CONFIG))?.toString();
      // The file does not show who set config_path and the mirrors of docker.io, so they stay.
      const kept = inHosts
        ? config.replace(/config_path = (""|'')/, (line) =>
            line.replace(/""|''/, (quotes) => `${quotes[0]}${CERTS_D}${quotes[0]}`),
          )
        : config.replace(
            'endpoint = ["https://mirror.gcr.io"]',
            'endpoint = ["https://mirror.gcr.io", "https://registry-1.docker.io"]',
          );
      expect(left).toBe(kept);
      const again = await planOn(node, registry, { mirrors, present: false });
      expect(again.files.every(({ edits }) => edits.length === 0)).toBe(true);
    },
    3 * MINUTE,
  );

  it(
    "an import that leads the registry elsewhere goes before config.toml, as the plan's refusal says",
    async () => {
      const node = host();
      const registry = image().split("/")[0] ?? "";
      const version = /version = 3/.test(await node.succeed("containerd config default")) ? 3 : 2;
      const plugin = version === 3 ? "io.containerd.cri.v1.images" : "io.containerd.grpc.v1.cri";
      const mirror = (url: string) =>
        `[plugins."${plugin}".registry.mirrors."${registry}"]\n  endpoint = ["${url}"]\n`;
      const main = `version = ${version}\nimports = ["/root/import.toml"]\n`;
      const show = async (config: string, imported: string) => {
        await write(node, CONFIG, Buffer.from(config));
        await write(node, "/root/import.toml", Buffer.from(`version = ${version}\n${imported}`));
        return node.succeed("containerd config dump");
      };
      // Entries beside it have no effect.
      const both = await show(main + mirror(`http://${registry}`), mirror("https://elsewhere.lan"));
      expect(both).toContain("https://elsewhere.lan");
      expect(both).not.toContain(`http://${registry}`);
      await show(main, mirror("https://elsewhere.lan"));
      await expect(planOn(node, registry)).rejects.toThrow("/root/import.toml");
      await show(main, mirror(`http://${registry}`));
      expect((await planOn(node, registry)).files.flatMap(({ edits }) => edits)).toEqual([]);
      await show(main, `disabled_plugins = ["io.containerd.grpc.v1.cri"]\n`);
      await expect(planOn(node, registry)).rejects.toThrow("expected the CRI plugin switched on");
      await write(node, "/root/import.toml", undefined);
    },
    MINUTE,
  );

  it.each(["the lesson's mirrors", "its default file"])(
    "%s: an IPv6 registry is found by its name",
    async (name) => {
      const node = host();
      const config = states[name]?.(await node.succeed("containerd config default")) ?? "";
      await write(node, CONFIG, Buffer.from(config));
      await restartContainerd(node);
      // Nothing listens there: the test checks only that containerd tries plain HTTP at that address.
      const registry = "[fd00:20::1]:5999";
      if ((await node.succeed("containerd --version")).includes(" 1.6.")) {
        expect(await pull(node, `${registry}/tiny:1`)).toContain("invalid reference format");
        await expect(planOn(node, registry)).rejects.toThrow("takes no image name with an IPv6");
        return;
      }
      const plan = await planOn(node, registry);
      await carryOut(node, plan);
      expect(await pull(node, `${registry}/tiny:1`)).toContain(`"http://${registry}/v2/tiny/`);
      expect((await planOn(node, registry)).activate).toBe("none");
      await undo(node, plan);
      expect((await read(node, CONFIG))?.toString()).toBe(config);
    },
    2 * MINUTE,
  );

  it(
    "a lone slash behind an endpoint of mirrors is another endpoint, which fails",
    async () => {
      const node = host();
      const config = await node.succeed("containerd config default");
      const registry = image().split("/")[0] ?? "";
      const plugin = /version = 3/.test(config)
        ? "io.containerd.cri.v1.images"
        : "io.containerd.grpc.v1.cri";
      const table = `[plugins."${plugin}".registry.mirrors."${registry}"]`;
      await write(
        node,
        CONFIG,
        Buffer.from(`${config}${table}\n  endpoint = ["http://${registry}/"]\n`),
      );
      await restartContainerd(node);
      expect(await pull(node, image())).not.toBe("pulled");
    },
    MINUTE,
  );

  it(
    "reads edited files of every spelling as they were meant",
    async () => {
      expect(await dumpEdited(host(), 40)).toBe(40);
    },
    3 * MINUTE,
  );
}

/** Files without a version line. From 2.3 on, tables of any version in them are read. */
const versionless: Record<string, string> = {
  "tables of version 1":
    'oom_score = 0\n[plugins.cri]\nmax_concurrent_downloads = 4\n[plugins.opt]\npath = "/opt/containerd"\n',
  "mirrors of version 1":
    '[plugins.cri.registry.mirrors."docker.io"]\nendpoint = ["https://mirror.gcr.io"]\n',
  "tables of version 2": `[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "${CERTS_D}"\n`,
  "mirrors of version 2":
    '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\nendpoint = ["https://mirror.gcr.io"]\n',
  "tables of version 3":
    "[plugins.'io.containerd.cri.v1.images']\nmax_concurrent_downloads = 4\n[plugins.opt]\npath = '/opt/containerd'\n",
  "a list in tables of version 1": `[plugins.cri]\nmax_concurrent_downloads = 4\n[plugins.cri.registry]\nconfig_path = "/etc/containerd/certs.d:/srv/certs.d"\n`,
};

/** The same way for those files: containerd reads the plan, nothing else changes, and the undo is complete. */
export function versionlessTests(host: () => RunningHost, image: () => string): void {
  keepsConfig(host);

  it.each(Object.entries(versionless))(
    "%s without a version line: pulls once it is patched, and fails as before once that is undone",
    async (_, config) => {
      const node = host();
      await write(node, CONFIG, Buffer.from(config));
      await restartContainerd(node);
      expect(await pull(node, image())).toContain(PLAIN_HTTP);
      // From the file alone, as in `npm run patch`: a dump would show the daemon's own tables.
      const registry = image().split("/")[0] ?? "";
      const plan = await planOn(node, registry, { dump: "" });
      await carryOut(node, plan);
      expect(await pull(node, image())).toBe("pulled");
      expect((await planOn(node, registry)).activate).toBe("none");
      expect((await read(node, CONFIG))?.toString()).not.toContain("version =");
      await undo(node, plan);
      expect((await read(node, CONFIG))?.toString()).toBe(config);
      expect(await pull(node, image())).toContain(PLAIN_HTTP);
    },
    2 * MINUTE,
  );
}
