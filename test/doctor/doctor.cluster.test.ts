import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import { commandsFor } from "../../doctor/commands";
import { unlistedNodes } from "../../doctor/unlisted";
import type { Settings } from "../../settings/schema";
import { buildImage, type ContainerImage } from "../../oci/image";
import { push } from "../../oci/push";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { describeLab } from "../lab-only";
import {
  configManifest,
  daemonsOf,
  pushImage,
  recordsOf,
  type Said,
  TestStack,
} from "../program/stack";

const ROOT = join(__dirname, "..", "..");
const CONFIG = "/etc/containerd/config.toml";
const KEPT = "/var/lib/cluster-registry/files/%2Fetc%2Fcontainerd%2Fconfig.toml/text";
const DROP_INS = "/etc/systemd/system/containerd.service.d";

describeLab("npm run doctor", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let registry: string;
  /** `ADDRESS:PORT`. */
  let prefix: string;
  let [master, node01, node02]: RunningHost[] = [];

  const doctor = (...args: string[]): Promise<Said> => stack.run("doctor", ...args);

  /** A diagnosis: the cause, the lines that show it, and the fix without the stack's flags. */
  interface Verdict {
    cause: string;
    evidence: (string | RegExp)[];
    fix: string;
  }

  /** The blocks of the report, by name. The exit code is 1. */
  async function verdicts(...args: string[]): Promise<Map<string, string[]>> {
    const said = await doctor(...args);
    expect(said.stderr).toBe("");
    expect(said.code).toBe(1);
    const blocks = new Map<string, string[]>();
    let block: string[] = [];
    for (const line of said.stdout.trimEnd().split("\n")) {
      const [, name, rest] = /^(\S+): (.*)$/.exec(line) ?? [];
      if (name === undefined) block.push(line.trim());
      else blocks.set(name, (block = [rest!]));
    }
    return blocks;
  }

  /** Runs a fix as the operator would, whose ssh config has the key and whose answer to `up` is yes. */
  async function cure(fix: string): Promise<void> {
    const options = `-F none -o IdentitiesOnly=yes -i ${lab.privateKeyPath} -o UserKnownHostsFile=${lab.knownHostsPath}`;
    const command = fix
      .replace(/\bssh (?=root@)/g, `ssh ${options} `)
      .replace(/npm run up( -- )?/, "npm run up -- --yes --skip-preview --engine embedded ");
    const child = spawn("sh", ["-c", command], { cwd: ROOT, env: stack.env });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output += text.toString()));
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) throw new Error(`${command}\nexit code ${String(code)}\n${output}`);
  }

  const fixesIn = (block: readonly string[]) =>
    block.flatMap((line) => /^fix: (.*)$/.exec(line)?.[1] ?? []);

  function expectBlock(name: string, block: string[] | undefined, expected: Verdict): void {
    const [cause, ...rest] = block ?? [];
    const fix = (rest.pop() ?? "").replace(/^fix: /, "");
    expect({ name, cause, evidence: rest }).toEqual({
      name,
      cause: expected.cause,
      evidence: expected.evidence.map((each) =>
        typeof each === "string" ? each : (expect.stringMatching(each) as string),
      ),
    });
    expect(fix.replaceAll(/( --)? --stack test --cwd \S+/g, "")).toBe(expected.fix);
  }

  /** Expects these verdicts for these names, runs their fixes, and then pulls for real on every node. */
  async function cures(
    args: string[],
    expected: Record<string, Verdict>,
    image = `${prefix}/mynginx:1.0`,
  ): Promise<void> {
    const blocks = await verdicts(...args);
    // Also after a wrong verdict, so that the next test begins with hosts that are well.
    for (const fix of new Set([...blocks.values()].flatMap(fixesIn)))
      if (/^(ssh|npm) /.test(fix)) await cure(fix);
    for (const [name, each] of Object.entries(expected)) expectBlock(name, blocks.get(name), each);
    const others = [...blocks].filter(([name]) => !(name in expected));
    for (const [, lines] of others)
      expect(lines).toEqual([
        "registry" in expected
          ? "well in itself; it cannot pull because of the registry"
          : expect.stringMatching(/^healthy, pulled \S+$/),
      ]);
    // After `docker restart`, it takes a moment until the registry answers.
    await master!.waitUntilSucceeds(`curl -sf http://${prefix}/v2/`);
    for (const host of lab.hosts.values()) {
      await host.pullImage(image);
      await host.removeImage(image);
    }
  }

  const on = (host: RunningHost | undefined, command: string) =>
    `ssh root@${host?.address} '${command}'`;

  /** Pushes an image of one small file. */
  async function pushed(name: string, tag: string, image: ContainerImage): Promise<string> {
    const via = () => ({ createConnection: () => connect(5000, master!.address) });
    await push(via, name, [tag], image);
    return `${prefix}/${name}:${tag}`;
  }

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "doctor", octet: 149, hosts: ["controlplane", "node01", "node02"] }),
    );
    [master, node01, node02] = ["controlplane", "node01", "node02"].map((name) => lab.host(name));
    stack = TestStack.lesson(lab);
    registry = master!.address;
    prefix = `${registry}:5000`;
    // node02 has hosts.toml files, and the others have mirrors.
    await node02!.succeed(
      `sed -i '/mirrors."docker.io"/,+1d; s|config_path = ""|config_path = "/etc/containerd/certs.d"|' ${CONFIG} && systemctl restart containerd`,
    );
    await stack.succeed(stack.up());
    await pushImage(master!, prefix);
  });
  afterAll(async () => {
    stack?.remove();
    await lab?.down();
  });

  test("healthy nodes: every check passes, and no host changes", async () => {
    const facts = () =>
      Promise.all(
        [...lab.hosts.values()].flatMap((host) => [
          configManifest(host),
          daemonsOf(host),
          recordsOf(host),
        ]),
      );
    const before = await facts();
    const image = `${prefix}/cluster-registry/probe:1`;
    expect(await doctor()).toEqual({
      code: 0,
      stderr: "",
      stdout: ["controlplane", "node01", "node02"]
        .map((name) => `${name}: healthy, pulled ${image}\n`)
        .join(""),
    });
    expect(await facts()).toEqual(before);
    expect(await node01!.imagePresent(image)).toBe(false);
    const { code, stdout } = await doctor("node01", "mynginx:1.0", "--verbose");
    expect(code).toBe(0);
    expect(stdout).toContain("node01: ok: containerd 1.6.20~ds1 runs\n");
    expect(stdout).toContain("node01: ok: a large part of it reaches the node\n");
    expect(stdout).toContain("node01: ok: a real pull succeeds\n");
    expect(stdout).toContain(`node01: healthy, pulled ${prefix}/mynginx:1.0\n`);
  });

  describe("the configuration of a node", () => {
    test("the entry is gone, and a hosts.toml is broken", async () => {
      await node01!.succeed(`sed -i '/:5000/d' ${CONFIG} && systemctl restart containerd`);
      const hosts = `/etc/containerd/certs.d/${prefix}/hosts.toml`;
      await node02!.succeed(`echo 'server = "http' >${hosts}`);
      await cures([], {
        node01: {
          cause: `somebody has changed containerd's configuration of ${prefix} since the last up`,
          evidence: [
            `${CONFIG}: missing: [plugins."io.containerd.grpc.v1.cri".registry.mirrors."${prefix}"]`,
            `${CONFIG}: missing: endpoint = ["http://${prefix}"]`,
          ],
          fix: "npm run up",
        },
        node02: {
          cause: `containerd does not use the hosts.toml of ${prefix}`,
          evidence: [/hosts\.toml:1: expected /, '> 1 | server = "http'],
          fix: `${on(node02, `mv ${hosts} ${hosts}.broken`)} && npm run up`,
        },
      });
    });

    test("the entry has another spelling, and containerd has not read its file", async () => {
      await node01!.succeed(
        `sed -i 's|mirrors."${prefix}"|mirrors."${registry}"|' ${CONFIG} && systemctl restart containerd`,
      );
      await node02!.succeed(
        `cp -a ${CONFIG} /root/kept && sed -i '/config_path/d' ${CONFIG} && systemctl restart containerd && cp -a /root/kept ${CONFIG}`,
      );
      await cures([], {
        node01: {
          cause: `containerd has no entry for ${prefix}, only for another spelling of it`,
          evidence: [
            new RegExp(`^${CONFIG}:\\d+: \\[.*mirrors\\."${registry}"\\]$`),
            /missing: \[/,
            /missing: endpoint/,
          ],
          fix: "npm run up",
        },
        node02: {
          cause: "containerd has not read its configuration since it was changed",
          evidence: [/^\/etc\/containerd\/config\.toml: changed at /, /^containerd: started at /],
          fix: "npm run up",
        },
      });
    });

    test("another file was in the place of containerd's when it started", async () => {
      await node01!.succeed(
        `sed '/:5000/d' ${CONFIG} >/root/without && mount --bind /root/without ${CONFIG} && systemctl restart containerd && umount ${CONFIG}`,
      );
      await cures(["node01", "mynginx:1.0"], {
        node01: {
          cause:
            "containerd asks the registry by https: it runs with another configuration than its files have",
          evidence: [/server gave HTTP response to HTTPS client/],
          fix: on(node01, "systemctl restart containerd"),
        },
      });
    });

    test("another program has taken over certs.d", async () => {
      // As Spegel does it when it starts.
      const folder = "/etc/containerd/certs.d";
      await node02!.succeed(
        `cd ${folder} && mkdir _backup && mv ${prefix} _backup/ && mkdir _default && ` +
          `printf '[host."http://127.0.0.1:30020"]\\ncapabilities = ["pull", "resolve"]\\n' >_default/hosts.toml`,
      );
      await cures(["node02"], {
        node02: {
          cause:
            "another program has taken over containerd's certs.d, and moved what was there to _backup",
          evidence: [
            `${folder}/_backup/${prefix}`,
            `${folder}/${prefix}/hosts.toml: missing: # Written by cluster-registry; change it there, or take this line out.`,
            `${folder}/${prefix}/hosts.toml: missing: server = "http://${prefix}"`,
            `${folder}/${prefix}/hosts.toml: missing: [host."http://${prefix}"]`,
            `${folder}/${prefix}/hosts.toml: missing: capabilities = ["pull", "resolve"]`,
          ],
          fix: "npm run up",
        },
      });
      await node02!.succeed(`rm -r ${folder}/_backup ${folder}/_default`);
    });

    test("the file is broken; containerd of the other node is stopped", async () => {
      await node01!.succeed(
        `sed -i '1i x = = 1' ${CONFIG} && systemctl restart containerd || true`,
      );
      await node02!.succeed("systemctl stop containerd");
      await cures([], {
        node01: {
          cause: "containerd cannot read its configuration",
          evidence: [`${CONFIG}:1: expected valid TOML; found invalid value`, "> 1 | x = = 1"],
          fix: `${on(node01, `cp ${KEPT} ${CONFIG} && systemctl restart containerd`)} && npm run up`,
        },
        node02: {
          cause: "containerd does not run",
          evidence: ["containerd.service: inactive (dead)"],
          fix: on(node02, "systemctl start containerd"),
        },
      });
    });

    test("a proxy stands before the registry; the other node's file was deleted", async () => {
      await node02!.succeed(
        `mkdir -p ${DROP_INS} && printf '[Service]\\nEnvironment=HTTP_PROXY=http://10.88.149.1:3128\\n' >${DROP_INS}/proxy.conf && systemctl daemon-reload && systemctl restart containerd`,
      );
      await node01!.succeed(`rm ${CONFIG} && systemctl restart containerd`);
      await cures([], {
        node02: {
          cause: `containerd asks a proxy for the registry, because NO_PROXY does not have ${registry}`,
          evidence: [
            `${DROP_INS}/proxy.conf:2: \`HTTP_PROXY=http://10.88.149.1:3128\`, and there is no NO_PROXY`,
          ],
          fix: on(
            node02,
            `mkdir -p ${DROP_INS} && printf "%s\\n" "[Service]" "Environment=NO_PROXY=${registry}" >${DROP_INS}/zz-no-proxy.conf && systemctl daemon-reload && systemctl restart containerd`,
          ),
        },
        node01: {
          cause: `${CONFIG} was deleted`,
          evidence: [/deleted$/],
          fix: `${on(node01, `sh /var/lib/cluster-registry/helper restore ${CONFIG}`)} && npm run up`,
        },
      });
      await node02!.succeed(
        `rm -r ${DROP_INS} && systemctl daemon-reload && systemctl restart containerd`,
      );
    });

    test("the settings are in a table that this version does not read", async () => {
      await node01!.succeed(
        `printf '[plugins."io.containerd.cri.v1.images".registry]\\nconfig_path = "/x"\\n' >>${CONFIG} && systemctl restart containerd`,
      );
      await cures(["node01"], {
        node01: {
          cause: `containerd's configuration of ${prefix} is not in force`,
          evidence: [/config\.toml:\d+: expected registry settings in/, /^> \d+ \| /],
          fix: `${on(node01, `cp ${KEPT} ${CONFIG} && systemctl restart containerd`)} && npm run up`,
        },
      });
    });

    test("mirrors and config_path are in one file; the other node's disk is full", async () => {
      await node01!.succeed(
        `sed -i 's|config_path = ""|config_path = "/etc/containerd/certs.d"|' ${CONFIG} && systemctl restart containerd`,
      );
      await node02!.succeed("mount -t tmpfs -o size=512k tmpfs /var/lib/containerd");
      const blocks = await verdicts();
      const disk = blocks.get("node02")!;
      const du = /^fix: (.*) shows what takes the space: free some of it$/.exec(disk.pop()!)?.[1];
      expect(du).toBe(on(node02, "du -xk -d 3 /var/lib/containerd | sort -n | tail -n 20"));
      await cure(du!);
      await node02!.succeed("umount /var/lib/containerd");
      expect(disk).toEqual([
        "the disk of containerd's images is full (/var/lib/containerd)",
        "df /var/lib/containerd: 512 KiB free of 512 KiB",
      ]);
      try {
        await cures([], {
          node01: {
            cause:
              "containerd has mirrors and config_path, and does not load its CRI plugin with both",
            evidence: [
              /config\.toml:\d+: expected either mirrors or config_path/,
              /^> \d+ \| /,
              /`mirrors` cannot be set when `config_path` is provided$/,
            ],
            fix: "npm run config -- set migrate true && npm run up",
          },
        });
      } finally {
        // The fix has set it in the file.
        stack.change({ migrate: true });
      }
    });
  });

  describe("the network", () => {
    test("a node has no route to the registry, and the firewall of another refuses it", async () => {
      await node01!.succeed(`ip route add unreachable ${registry}/32`);
      await node02!.succeed(`iptables -A OUTPUT -p tcp --dport 5000 -j REJECT`);
      await cures([], {
        node01: {
          cause: "this node has no route to the registry",
          evidence: [`${prefix}: No route to host`, `ip route: unreachable ${registry}`],
          fix: on(node01, `ip route del unreachable ${registry}`),
        },
        node02: {
          cause: "this node's own firewall refuses the registry",
          evidence: [
            `${prefix}: Connection refused`,
            "iptables -S: -A OUTPUT -p tcp -m tcp --dport 5000 -j REJECT --reject-with icmp-port-unreachable",
          ],
          fix: on(
            node02,
            "iptables -D OUTPUT -p tcp -m tcp --dport 5000 -j REJECT --reject-with icmp-port-unreachable",
          ),
        },
      });
    });
  });

  test("the firewall of the registry's host lets others in: the fix lets this node in too, and nobody else", async () => {
    const port = "-p tcp -m tcp --dport 5000";
    // Docker sends the connections of others to the container through this chain.
    const chain = "DOCKER-USER";
    const rules = async () =>
      (await master!.succeed(`iptables -S ${chain}`))
        .split("\n")
        .filter((line) => line.includes("--dport"));
    const own = [
      `-A ${chain} -s ${registry}/32 ${port} -j ACCEPT`,
      `-A ${chain} -s ${node01!.address}/32 ${port} -j ACCEPT`,
      // It concerns neither node, and is not blamed.
      `-A ${chain} -s 10.9.0.0/16 ${port} -j REJECT --reject-with icmp-port-unreachable`,
      `-A ${chain} ${port} -j DROP`,
    ];
    await master!.succeed(
      [...own]
        .reverse()
        .map((rule) => `iptables ${rule.replace("-A", "-I")}`)
        .join(" && "),
    );
    const admitted = `${chain} -s ${node02!.address}`;
    try {
      await cures([], {
        node02: {
          cause: "the firewall of the registry's host refuses this node",
          evidence: [
            `${prefix}: no answer within 5 seconds`,
            `controlplane: iptables -S: ${own[3]!}`,
          ],
          fix: on(master, `iptables -I ${admitted} -p tcp --dport 5000 -j ACCEPT`),
        },
      });
      expect(await rules()).toEqual([`-A ${admitted}/32 ${port} -j ACCEPT`, ...own]);
    } finally {
      await master!.succeed(
        `iptables -D ${admitted} -p tcp --dport 5000 -j ACCEPT; ${own.map((rule) => `iptables ${rule.replace("-A", "-D")}`).join("; ")}`,
      );
    }
  });

  test("the network loses large packets, and passes small ones", async () => {
    const large = "INPUT -p tcp --sport 5000 -m length --length 1000:65535 -j DROP";
    await node01!.succeed(`iptables -I ${large}`);
    try {
      const blocks = await verdicts();
      expectBlock("node01", blocks.get("node01"), {
        cause:
          "a pull begins and does not end: large packets may be lost between this node and the registry (a smaller MTU on the way), or the registry's disk is slow",
        evidence: [
          /^GET \/v2\/cluster-registry\/probe\/blobs\/sha256:\w+: the first 64 KiB have not come within 10 seconds$/,
        ],
        fix: on(node01, `ping -M do -s 1472 -c 3 ${registry}`),
      });
      expect(blocks.get("node02")).toEqual([`healthy, pulled ${prefix}/cluster-registry/probe:1`]);
    } finally {
      await node01!.succeed(`iptables -D ${large}`);
    }
  });

  test("a node of the cluster that the stack lacks: the fix adds it to the settings", async () => {
    const nodes = stack.current["nodes"] as Settings["nodes"];
    const listed = { nodes: nodes.slice(0, 2) };
    try {
      stack.change(listed);
      await stack.succeed(stack.up());
      await expect(node02!.pullImage(`${prefix}/mynginx:1.0`)).rejects.toThrow("HTTPS client");
      const addresses = [{ type: "InternalIP", address: node02!.address }];
      const found = [{ name: "node02", role: "worker" as const, addresses }];
      const flags = ["--stack", "test", "--cwd", stack.folder];
      const cluster = { server: "https://cluster", nodes: found, others: [] };
      const [unlisted] = unlistedNodes(listed, cluster, commandsFor(flags));
      await cure(unlisted!.cause!.fix);
    } finally {
      stack.change({ nodes });
    }
    const { code, stdout } = await doctor("node02");
    expect([code, stdout]).toEqual([
      0,
      `node02: healthy, pulled ${prefix}/cluster-registry/probe:1\n`,
    ]);
  });

  test("a login that needs sudo gets the same result as root", async () => {
    const ssh = stack.current["ssh"] as object;
    stack.change({ ssh: { ...ssh, user: "ops" } });
    try {
      const { code, stdout } = await doctor("node01", "mynginx:1.0");
      expect([code, stdout]).toEqual([0, `node01: healthy, pulled ${prefix}/mynginx:1.0\n`]);
    } finally {
      stack.change({ ssh });
    }
  });

  describe("the registry", () => {
    test("its container is stopped", async () => {
      await master!.succeed("docker stop -t 1 registry");
      await cures([], {
        registry: {
          cause: "the registry's container is stopped",
          evidence: [/^docker inspect registry: exited with code \d+ at /],
          fix: "npm run up",
        },
      });
    });

    test("docker is stopped", async () => {
      await master!.succeed("systemctl stop docker.socket docker");
      await cures(["node01"], {
        registry: {
          cause: "docker is stopped, and with it the registry",
          evidence: ["docker.service: inactive (dead)"],
          fix: "npm run up",
        },
      });
    });

    test("its container is paused", async () => {
      await master!.succeed("docker pause registry");
      await cures(["node01"], {
        registry: {
          cause: "the registry's container is paused",
          evidence: ["docker inspect registry: paused"],
          fix: on(master, "docker unpause registry"),
        },
      });
    });

    test("its storage fails the health check", async () => {
      // A loop of links is an error of the file system, and no folder that is merely empty.
      await master!.succeed(
        "inside=\"nsenter -m -t $(docker inspect -f '{{.State.Pid}}' registry) busybox\" && " +
          "$inside mount -t tmpfs none /var/lib && $inside ln -s registry /var/lib/registry",
      );
      await master!.waitUntilSucceeds(
        `curl -s -o /dev/null -w '%{http_code}' http://${prefix}/v2/ | grep 503`,
        { timeoutSeconds: 120 },
      );
      await cures(["node01"], {
        registry: {
          cause:
            "the registry answers with an error of its own, as with a storage that fails its health check",
          evidence: [/^http:\/\/.*\/v2\/: .*503/],
          fix: on(master, "docker restart registry"),
        },
      });
    });

    test("its container is gone", async () => {
      await master!.succeed("docker rm -f registry");
      await cures(["node01"], {
        registry: {
          cause:
            "the registry's container is gone; its images are still in the volume registry-data",
          evidence: ["docker inspect registry: no such container"],
          fix: "npm run up",
        },
      });
    });
  });

  describe("the image", () => {
    test("it was built, but never pushed", async () => {
      await master!.succeed("docker tag mynginx:1.0 mynginx:2.0");
      await cures(
        ["node01", "mynginx:2.0"],
        {
          node01: {
            cause: "the registry has no mynginx:2.0: this tag was never pushed, or was deleted",
            evidence: [
              "GET /v2/mynginx/manifests/2.0: 404 MANIFEST_UNKNOWN",
              "mynginx has 1.0",
              `docker on controlplane has mynginx:2.0, without ${prefix}`,
            ],
            fix: on(
              master,
              `docker tag mynginx:2.0 ${prefix}/mynginx:2.0 && docker push ${prefix}/mynginx:2.0`,
            ),
          },
        },
        `${prefix}/mynginx:2.0`,
      );
    });

    test("its name is misspelt: the nearest ones are named", async () => {
      const blocks = await verdicts("node01", `${prefix}/myngins:1.0`);
      expectBlock("node01", blocks.get("node01"), {
        cause: "the registry has no image myngins: it was never pushed, or under another name",
        evidence: ["GET /v2/myngins/manifests/1.0: 404 NAME_UNKNOWN", "the registry has mynginx"],
        fix: `kubectl set image deployment/NAME CONTAINER=${prefix}/mynginx:1.0`,
      });
    });

    test("it does not name the registry", async () => {
      const blocks = await verdicts("node01", "docker.io/library/mynginx:1.0");
      expectBlock("node01", blocks.get("node01"), {
        cause: `the image names docker.io, so the node asks there and not ${prefix}, which has it`,
        evidence: [
          /docker\.io\/library\/mynginx:1\.0.*not found$/,
          / has mynginx:1\.0: sha256:[0-9a-f]{64}$/,
        ],
        fix: `kubectl set image deployment/NAME CONTAINER=${prefix}/mynginx:1.0`,
      });
    });

    test("it is one of another registry, and the node pulls it from there", async () => {
      const image = "docker.io/library/busybox:latest";
      const names = async () =>
        (await node01!.succeed("ctr -n k8s.io images ls | awk '{ print $1, $3 }' | sort")).trim();
      const healthy = [0, `node01: healthy, pulled ${image}\n`];
      const empty = await names();
      for (const text of [image, "docker.io/busybox"]) {
        const { code, stdout } = await doctor("node01", text);
        expect([code, stdout]).toEqual(healthy);
        expect(await names()).toBe(empty);
      }
      // The tag leads to another image, which the pull replaces for a moment.
      const own = `${prefix}/mynginx:1.0`;
      await node01!.pullImage(own);
      await node01!.succeed(`ctr -n k8s.io images tag ${own} ${image}`);
      const before = await names();
      const { code, stdout } = await doctor("node01", image);
      expect([code, stdout]).toEqual(healthy);
      expect(await names()).toBe(before);
      await node01!.removeImage(own);
    });

    test("it is for another architecture", async () => {
      const layers = [[{ path: "file", contents: Buffer.from("x"), mode: 0o644 }]];
      const reference = await pushed("other", "1", buildImage(layers, {}, "arm64"));
      const blocks = await verdicts("node01", "other:1");
      expectBlock("node01", blocks.get("node01"), {
        cause: "the image is not for this node's architecture",
        evidence: [`${reference}: linux/arm64`, "uname -m on node01: linux/amd64"],
        fix: `docker build --platform linux/amd64 -t ${reference} . && docker push ${reference}`,
      });
      // Docker is on the registry's host alone.
      await master!.succeed(
        `cd /root/build && docker build -q --platform linux/amd64 -t ${reference} . && docker push -q ${reference}`,
      );
      await node01!.pullImage(reference);
      await node01!.removeImage(reference);
    });

    test("the registry has lost a layer", async () => {
      const volume = "/var/lib/docker/volumes/registry-data/_data/docker/registry/v2";
      await master!.succeed(
        `cd ${volume} && for link in repositories/mynginx/_layers/sha256/*/link; do ` +
          "hex=$(cut -c 8- $link) && rm -r blobs/sha256/$(echo $hex | cut -c 1-2)/$hex; done",
      );
      const reference = `${prefix}/mynginx:1.0`;
      const lost =
        /^GET \/v2\/mynginx\/blobs\/sha256:[0-9a-f]{64}: (404 BLOB_UNKNOWN|20[06], and then .+)$/;
      await cures(["node01", "mynginx:1.0"], {
        node01: {
          cause: "the registry has lost 3 parts of the image",
          evidence: [lost, lost, lost],
          fix: on(
            master,
            `docker restart registry && timeout 60 sh -c "until docker push ${reference}; do sleep 1; done"`,
          ),
        },
      });
    });

    test("the node has an older one", async () => {
      const reference = `${prefix}/mynginx:1.0`;
      await node01!.pullImage(reference);
      await pushImage(master!, prefix, "mynginx:3.0");
      await master!.succeed(`docker tag mynginx:3.0 ${reference} && docker push -q ${reference}`);
      await cures(["node01", "mynginx:1.0"], {
        node01: {
          cause:
            "node01 has an older image of this name, and a Pod with imagePullPolicy IfNotPresent runs that",
          evidence: [/^node01: sha256:[0-9a-f]{64}$/, /^the registry: sha256:[0-9a-f]{64}$/],
          fix: on(node01, `ctr -n k8s.io images rm ${reference}`),
        },
      });
    });
  });

  test("the images that a node had stay, also under another tag of the same image", async () => {
    // Each name, and the manifest that it leads to.
    const list = async () =>
      (await node01!.succeed("ctr -n k8s.io images ls | awk '{ print $1, $3 }'"))
        .split("\n")
        .sort();
    const digestOf = async (reference: string) => {
      const image = (await node01!.listImages()).find((each) => each.repoTags.includes(reference));
      return image!.repoDigests[0]!.replace(/^.*@/, "");
    };
    const had = `${prefix}/mynginx:1.0`;
    const other = `${prefix}/mynginx:1.1`;
    await master!.succeed(
      `docker tag ${had} ${other} && docker push -q ${other} && docker tag ${had} ${prefix}/copy:1 && docker push -q ${prefix}/copy:1`,
    );
    await node01!.pullImage(had);
    const digest = await digestOf(had);
    const before = await list();
    for (const image of [other, `${prefix}/copy:1`, `${prefix}/copy@${digest}`, had]) {
      const { code, stdout } = await doctor("node01", image);
      expect([code, stdout]).toEqual([0, `node01: healthy, pulled ${image}\n`]);
      expect(await list()).toEqual(before);
    }
    // The same image with another manifest, as it is after a push by Docker of what it has pulled elsewhere.
    const image = buildImage([[{ path: "file", contents: Buffer.from("y"), mode: 0o644 }]], {});
    const text = JSON.stringify({
      ...JSON.parse(image.manifest.bytes.toString()),
      annotations: { a: "b" },
    });
    const bytes = Buffer.from(text);
    const otherManifest = {
      ...image.manifest,
      bytes,
      digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}`,
    };
    await node01!.pullImage(await pushed("twin", "1", image));
    const twins = await list();
    const twin = await pushed("twin", "2", { ...image, manifest: otherManifest });
    expect(await doctor("node01", twin)).toMatchObject({ code: 0 });
    expect(await list()).toEqual(twins);
    // A name of ctr's alone has no digest, and a pull adds one.
    await node01!.succeed(
      `ctr -n k8s.io images tag ${had} docker.io/library/kept:1 && ctr -n k8s.io images rm ${had} ${prefix}/mynginx@${digest}`,
    );
    const retagged = await list();
    expect(await doctor("node01", had)).toMatchObject({ code: 0 });
    expect(await list()).toEqual(retagged);
    await node01!.removeImage("docker.io/library/kept:1");
  });

  test("a node does not know the registry's name", async () => {
    const settings = stack.current["registry"] as object;
    for (const host of lab.hosts.values())
      await host.succeed(`echo ${registry} registry.lab >>/etc/hosts`);
    stack.change({ registry: { ...settings, address: "registry.lab" } });
    await stack.succeed(stack.up());
    await node01!.succeed(
      "sed '/registry.lab/d' /etc/hosts >/root/hosts && cat /root/hosts >/etc/hosts",
    );
    const reference = "registry.lab:5000/mynginx:1.0";
    await cures(
      [],
      {
        node01: {
          cause:
            "this node cannot find the address of registry.lab: a node asks its own DNS and /etc/hosts, not the cluster's DNS",
          evidence: ["getent ahosts registry.lab: no such host"],
          fix: on(node01, `echo ${registry} registry.lab >>/etc/hosts`),
        },
      },
      reference,
    );
  });
});
