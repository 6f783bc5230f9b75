import { readFileSync } from "node:fs";
import {
  containerClaim,
  containerClaimed,
  containerRelease,
  dockerInstall,
  type DockerSource,
  helperText,
  observe,
  OWNER_LABEL,
  reach,
} from "../../hosts";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { Connection } from "../../ssh/connection";
import { describeLab } from "../lab-only";
import { failed, succeeded } from "./patched-host";

const ID = "test.dev.registry";

jest.setTimeout(90_000);

describeLab("docker on real hosts", () => {
  let lab: RunningLab;
  let host: RunningHost;
  const connections: Connection[] = [];

  beforeAll(async () => {
    lab = await startLab(
      defineLab({
        name: "hosts-docker",
        octet: 43,
        hosts: ["n1", "n2", { name: "n3", flavour: "debian-13" }],
      }),
    );
    host = lab.host("n1");
  }, 300_000);
  afterAll(async () => {
    for (const connection of connections) connection.close();
    await lab?.down();
  }, 60_000);

  async function connect(to: RunningHost, user = "root"): Promise<Connection> {
    const connection = await Connection.open({
      host: to.address,
      port: 22,
      user,
      privateKey: readFileSync(lab.privateKeyPath, "utf8"),
      hostKeys: [to.hostKey],
    });
    connections.push(connection);
    return connection;
  }

  async function run(to: RunningHost, command: string, user = "root") {
    return await (await connect(to, user)).exec(command, { stdin: helperText() });
  }
  const install = (to: RunningHost, source: DockerSource, user = "root") =>
    run(to, dockerInstall({ sudo: user !== "root", source }), user);

  describe("installing", () => {
    afterEach(async () => {
      await host.exec(
        "rm -f /usr/local/bin/apt-get; test -e /usr/bin/apt-get.aside && mv /usr/bin/apt-get.aside /usr/bin/apt-get",
      );
    });

    test("`present` where there is none is refused with what to do", async () => {
      expect(failed(await install(host, "present"))).toBe(
        "expected docker on this host (docker: present); found none: install it, or set docker: apt\n",
      );
    });

    test("a folder that is not there is named; containerd is as before", async () => {
      const started = await host.succeed("systemctl show -p InvocationID containerd");
      expect(failed(await install(host, { packages: "/root/nowhere" }))).toBe(
        "expected a folder of packages at /root/nowhere on this host; found none: copy it there\n",
      );
      await host.succeed("mkdir /root/empty");
      expect(failed(await install(host, { packages: "/root/empty" }))).toBe(
        "expected packages (*.deb) in /root/empty; found none\n",
      );
      expect(await host.succeed("systemctl show -p InvocationID containerd")).toBe(started);
    });

    test("apt's plan to change or remove containerd is refused", async () => {
      const fake = (line: string) =>
        `printf '#!/bin/sh\\ncase $1 in -s) echo "${line}"; echo "Inst docker.io (20 Debian [amd64])" ;; *) exit 99 ;; esac\\n' >/usr/local/bin/apt-get && chmod 755 /usr/local/bin/apt-get`;
      await host.succeed(fake("Remv containerd [1.6.20]"));
      expect(failed(await install(host, "apt"))).toBe(
        "expected docker.io to leave what this node's containers run on; found that apt would remove containerd: install docker by hand and set docker: present\n",
      );
      await host.succeed(fake("Inst runc [1.1.5] (1.3.0 Debian [amd64])"));
      expect(failed(await install(host, "apt"))).toBe(
        "expected docker.io to leave what this node's containers run on; found that apt would change runc 1.1.5 -> 1.3.0: hold it, upgrade it at a time of your choice, or install docker by hand and set docker: present\n",
      );
    });

    test("no apt and no docker: refused with what to do", async () => {
      await host.succeed("mv /usr/bin/apt-get /usr/bin/apt-get.aside");
      expect(failed(await install(host, "apt"))).toBe(
        "expected apt-get to install docker with; found neither docker nor apt-get: install docker by hand and set docker: present\n",
      );
    });

    test.each([
      ["n1", "root"],
      ["n3", "ops"],
    ])(
      "apt installs, enables and starts it on %s as %s; containerd is not restarted; once more is nothing",
      async (name, user) => {
        const to = lab.host(name);
        const started = await to.succeed("systemctl show -p InvocationID containerd");
        expect(succeeded(await install(to, "apt", user))).toMatch(
          /^Installed docker\.io \d+\.\d+\.\d+\S*\. Destroy leaves the package\.\n$/,
        );
        expect(
          await to.succeed(
            "systemctl is-enabled docker; systemctl is-active docker; command -v docker",
          ),
        ).toBe("enabled\nactive\n/usr/bin/docker\n");
        expect(await to.succeed("systemctl show -p InvocationID containerd")).toBe(started);
        expect(succeeded(await install(to, "apt", user))).toMatch(
          /^docker \d+\.\d+\.\d+\S* was there\.\n$/,
        );
        expect(succeeded(await install(to, "present", user))).toMatch(/was there\.\n$/);
        await to.fail("ls -d /run/cluster-registry.* /var/lib/cluster-registry");
      },
    );

    test("from a folder of packages, with no source of packages at all", async () => {
      const to = lab.host("n2");
      await to.succeed(
        "mkdir /root/folder && cd /root/folder && apt-get install -y --no-install-recommends --download-only -o Dir::Cache::archives=/root/folder docker.io >/dev/null 2>&1; " +
          "ls *.deb >/dev/null 2>&1 || apt-get download $(apt-get -s install --no-install-recommends docker.io | awk '$1 == \"Inst\" {print $2}') >/dev/null 2>&1; rm -rf /root/folder/partial /root/folder/lock; mv /etc/apt /etc/apt.aside; mkdir -p /etc/apt",
      );
      const said = succeeded(await install(to, { packages: "/root/folder" }));
      expect(said).toMatch(/^Installed docker\.io/);
      await to.succeed("rm -rf /etc/apt && mv /etc/apt.aside /etc/apt");
    });
  });

  describe("making room for the container", () => {
    beforeAll(async () => {
      succeeded(await install(host, "apt"));
      await host.succeed("docker pull -q registry");
    }, 120_000);
    afterEach(async () => {
      await host.exec(
        "docker ps -aq | xargs -r docker rm -f -v; docker volume ls -q | xargs -r docker volume rm; rm -rf /var/lib/cluster-registry /srv/images",
      );
    });

    const claim = (adopt = false, user = "root") =>
      run(host, containerClaim({ sudo: user !== "root", id: ID, name: "registry", adopt }), user);
    const claimed = () =>
      run(host, containerClaimed({ sudo: false, id: ID, name: "registry", adopt: false }));
    const release = () => run(host, containerRelease({ sudo: false, id: ID, name: "registry" }));
    const byHand = (options = "") =>
      host.succeed(`docker run -dit -p 5000:5000 --name registry ${options} registry`);

    test("nothing there: nothing to do", async () => {
      expect(succeeded(await claim())).toBe("{}\n");
      expect(succeeded(await claim(false, "ops"))).toBe("{}\n");
      expect(succeeded(await release())).toBe("Nothing to release.\n");
    });

    test("ours, from a state that was lost: the container goes, its volume stays", async () => {
      await byHand(`--label ${OWNER_LABEL}=${ID} -v registry-data:/var/lib/registry`);
      expect(succeeded(await claimed())).toBe("{}\n");
      await host.succeed("docker container inspect registry");
      expect(succeeded(await claim())).toBe("{}\n");
      await host.fail("docker container inspect registry");
      expect(await host.succeed("docker volume ls -q")).toBe("registry-data\n");
    });

    test("made by hand: refused with its image and ports, and left running", async () => {
      await byHand();
      expect(failed(await claim())).toBe(
        "expected no container named registry; found one made by hand (image registry, running, ports :5000->5000/tcp): remove it, or set registry.adopt: true to take it over with its images\n",
      );
      expect(await host.succeed("docker container inspect -f '{{.State.Running}}' registry")).toBe(
        "true\n",
      );
    });

    test("another stack's: refused by its name", async () => {
      await byHand(`--label ${OWNER_LABEL}=test.other.registry`);
      expect(failed(await claim(true))).toContain(
        "found that of test.other.registry: two stacks cannot have one registry on one host",
      );
    });

    test.each([
      ["a named volume", "-v images:/var/lib/registry", '{"type":"volume","source":"images"}\n'],
      ["a folder", "-v /srv/images:/var/lib/registry", '{"type":"bind","source":"/srv/images"}\n'],
    ])(
      "adopted with %s: moved aside, the mount told, and given back on release",
      async (_what, options, mount) => {
        await byHand(options);
        const id = await host.succeed("docker container inspect -f '{{.Id}}' registry");
        expect(succeeded(await claim(true))).toBe(mount);
        await host.fail("docker container inspect registry");
        expect(succeeded(await claim(true))).toBe(mount);
        await host.succeed(
          `docker run -d --name registry --label ${OWNER_LABEL}=${ID} ${options} -p 5000:5000 registry`,
        );
        expect(succeeded(await claimed())).toBe(mount);
        await host.succeed("docker rm -f registry");
        expect(succeeded(await release())).toBe("The container registry is as it was before.\n");
        expect(
          await host.succeed("docker container inspect -f '{{.Id}} {{.State.Running}}' registry"),
        ).toBe(`${id.trim()} true\n`);
        expect(succeeded(await release())).toBe("Nothing to release.\n");
      },
    );

    test("an adoption that was cut off after the stop, and is run again, still knows that it ran", async () => {
      await byHand();
      // The rename does not come: the container is stopped, and has its name still.
      await host.succeed(
        `printf '#!/bin/sh\\n[ "$1" != rename ] || { rm /usr/local/bin/docker; kill -9 $PPID; exit 1; }\\nexec /usr/bin/docker "$@"\\n' >/usr/local/bin/docker && chmod 755 /usr/local/bin/docker`,
      );
      failed(await claim(true));
      const state = () => host.succeed("docker container inspect -f '{{.State.Running}}' registry");
      expect(await state()).toBe("false\n");
      succeeded(await claim(true));
      expect(succeeded(await release())).toBe("The container registry is as it was before.\n");
      expect(await state()).toBe("true\n");
    });

    test("adopted with the image's own anonymous volume: its name is told", async () => {
      await byHand();
      const volume = await host.succeed(
        `docker container inspect -f '{{range .Mounts}}{{.Name}}{{end}}' registry`,
      );
      expect(succeeded(await claim(true))).toBe(`{"type":"volume","source":"${volume.trim()}"}\n`);
      succeeded(await release());
    });

    test("the container, its ports and who may reach docker are in the observation", async () => {
      await byHand("--restart always -v images:/var/lib/registry");
      const ask = {
        files: [],
        containerd: false,
        docker: true,
        container: "registry",
      };
      const root = await observe(await connect(host), { ...ask, sudo: false });
      expect(root.docker).toMatchObject({
        loginReachesSocket: true,
        container: {
          name: "registry",
          image: "registry",
          running: true,
          ports: ["0.0.0.0:5000->5000/tcp"],
          restartPolicy: "always",
          mounts: [{ type: "volume", name: "images", destination: "/var/lib/registry" }],
        },
      });
      const ops = await observe(await connect(host, "ops"), { ...ask, sudo: true });
      expect(ops.docker?.loginReachesSocket).toBe(false);
      expect(ops.docker?.container?.running).toBe(true);
    });

    test("the registry is reached from another host; a closed port is told as such", async () => {
      await byHand();
      expect(
        succeeded(
          await run(lab.host("n3"), reach({ sudo: false, address: host.address, port: 5000 })),
        ),
      ).toBe(`http://${host.address}:5000/v2/ answers.\n`);
      await host.succeed("docker rm -f registry");
      expect(
        failed(
          await run(lab.host("n3"), reach({ sudo: false, address: host.address, port: 5000 })),
        ),
      ).toBe(
        `expected an answer from http://${host.address}:5000/v2/ on this node; found: connection refused, or no route: does the registry run there, and does a firewall between let port 5000 through?\n`,
      );
    });
  });
});
