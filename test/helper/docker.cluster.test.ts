import { readFileSync } from "node:fs";
import {
  containerClaim,
  containerClaimed,
  containerLeftover,
  containerRelease,
  dockerInstall,
  type DockerSource,
  dockerStart,
  OWNER_LABEL,
  reach,
} from "../../helper/commands";
import { packedHelper } from "../../helper/helper-text";
import { defineLab, type RunningHost, type RunningLab, startLab } from "../../lab";
import { observe } from "../../observation/observe";
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
    return await (await connect(to, user)).exec(command, { stdin: packedHelper() });
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

    test("a missing folder is named; containerd is as before", async () => {
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

    test("no apt and no docker: refused, with what to do", async () => {
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

    test("from a folder of packages, without any other package source", async () => {
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

  describe("the claim of the container's place", () => {
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

    test("no container: nothing to do", async () => {
      expect(succeeded(await claim())).toBe("{}\n");
      expect(succeeded(await claim(false, "ops"))).toBe("{}\n");
      expect(succeeded(await release())).toBe("Nothing to release.\n");
    });

    test("ours, from a lost state: the container is removed, its volume stays", async () => {
      await byHand(`--label ${OWNER_LABEL}=${ID} -v registry-data:/var/lib/registry`);
      expect(succeeded(await claimed())).toBe("{}\n");
      await host.succeed("docker container inspect registry");
      expect(succeeded(await claim())).toBe("{}\n");
      await host.fail("docker container inspect registry");
      expect(await host.succeed("docker volume ls -q")).toBe("registry-data\n");
    });

    test("created by hand: refused with its image and ports, and left running", async () => {
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

    test("an adoption that was cut off after the stop, and is run again, still starts the registry", async () => {
      await byHand();
      // The rename never happens: the container is stopped and still has its name.
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

    describe("while docker does not answer", () => {
      const stop = () => host.succeed("systemctl stop docker.socket docker.service");
      const isActive = async () =>
        (await host.exec("systemctl is-active docker.service")).stdout.trim();
      afterEach(async () => {
        await host.exec("systemctl unmask docker.service docker.socket");
        await host.succeed(
          "systemctl reset-failed docker; systemctl start docker.socket docker.service",
        );
      });

      const unanswered =
        /^expected docker to say which containers there are; found: Cannot connect to the Docker daemon at unix:\/\/\/var\/run\/docker\.sock\. Is the docker daemon running\?: see `systemctl status docker`, then run again\. Nothing was changed\.\n$/;

      test("a claim is refused, and its container is as before when docker runs again", async () => {
        await byHand(`--restart always --label ${OWNER_LABEL}=${ID}`);
        const id = await host.succeed("docker container inspect -f '{{.Id}}' registry");
        await stop();
        for (const one of [claim, claimed]) expect(failed(await one())).toMatch(unanswered);
        expect(failed(await claim(true))).toMatch(unanswered);
        await host.succeed("systemctl start docker");
        expect(await host.succeed("docker container inspect -f '{{.Id}}' registry")).toBe(id);
      });

      test("a release starts docker, and restores the adopted container", async () => {
        await byHand();
        succeeded(await claim(true));
        await stop();
        expect(succeeded(await release())).toBe("The container registry is as it was before.\n");
        expect(
          await host.succeed("docker container inspect -f '{{.State.Running}}' registry"),
        ).toBe("true\n");
      });

      test("a docker that hangs does not mean that there are no containers", async () => {
        await byHand(`--restart always --label ${OWNER_LABEL}=${ID}`);
        await host.succeed("systemctl kill -s STOP --kill-who=main docker");
        try {
          const { docker } = await look();
          expect(docker?.service.active).toBe("active");
          expect(docker?.containers).toBeUndefined();
        } finally {
          await host.succeed("systemctl kill -s CONT --kill-who=main docker");
        }
        expect((await look()).docker?.containers).toHaveLength(1);
      });

      test.each([
        ["with its socket", "systemctl stop docker.service"],
        ["without its socket", "systemctl stop docker.socket docker.service"],
      ])("a look does not start it (%s), and finds no container known", async (_what, stopping) => {
        await byHand();
        await host.succeed(stopping);
        const { docker } = await look();
        expect(docker?.containers).toBeUndefined();
        expect(docker?.volume).toBeUndefined();
        expect(await isActive()).toBe("inactive");
      });

      test.each([
        [
          "stopped",
          "systemctl stop docker.socket docker.service",
          "docker was inactive: started.\n",
        ],
        [
          "stopped, its socket there",
          "systemctl stop docker.service",
          "docker was inactive: started.\n",
        ],
        [
          "failed",
          `systemctl stop docker.socket docker; mkdir -p /etc/docker; echo '{"no-such-flag": 1}' >/etc/docker/daemon.json; systemctl start docker; ` +
            "until [ $(systemctl is-active docker) = failed ]; do sleep 0.2; done; rm /etc/docker/daemon.json",
          "docker was failed: started.\n",
        ],
        ["running", "true", "docker runs.\n"],
      ])("docker-start starts it where it is %s", async (_what, before, said) => {
        await host.succeed(before);
        expect(succeeded(await run(host, dockerStart({ sudo: false })))).toBe(said);
        expect(await isActive()).toBe("active");
        await host.succeed("docker ps");
      });

      test("docker-start refuses one that is masked or does not start, with docker's own message", async () => {
        await stop();
        await host.succeed("systemctl mask docker.service");
        expect(failed(await run(host, dockerStart({ sudo: false })))).toBe(
          "expected to start docker.service, since docker has to run for the registry's container to be removed; found it masked: run `systemctl unmask docker.service` on this host, then run again\n",
        );
        await host.succeed("systemctl unmask docker.service");
        await host.succeed(
          "mkdir -p /etc/docker; echo '{\"no-such-flag\": 1}' >/etc/docker/daemon.json",
        );
        const said = failed(await run(host, dockerStart({ sudo: false })));
        await host.succeed("rm /etc/docker/daemon.json");
        expect(said).toMatch(
          /^expected to start docker\.service; found: Job for docker\.service failed/,
        );
        expect(said).toContain("no-such-flag");
      });
    });

    test("a container of ours that no state knows is removed, and no other; its volume stays", async () => {
      const leftover = async (container: string) =>
        run(host, containerLeftover({ sudo: false, id: ID, container }));
      await byHand(`--label ${OWNER_LABEL}=${ID} -v registry-data:/var/lib/registry`);
      const ours = (await host.succeed("docker inspect -f '{{.Id}}' registry")).trim();
      expect(succeeded(await leftover(ours))).toBe(`Removed, its volumes kept: ${ours}\n`);
      expect(succeeded(await leftover(ours))).toBe(`Gone already: ${ours}\n`);
      expect(await host.succeed("docker volume ls -q")).toBe("registry-data\n");
      await byHand();
      const theirs = (await host.succeed("docker inspect -f '{{.Id}}' registry")).trim();
      expect(failed(await leftover(theirs))).toBe(
        `expected the container ${theirs} to be of ${ID}; found no owner: it is left alone\n`,
      );
      await host.succeed("docker inspect registry");
    });

    test("our container under another name, and the contents of the volume, are in the observation", async () => {
      expect((await look()).docker).toMatchObject({ containers: [], volume: "absent" });
      await byHand(`--label ${OWNER_LABEL}=${ID} -v images:/var/lib/registry`);
      await host.succeed("docker rename registry aside && docker stop aside");
      const { docker } = await look();
      expect(docker).toMatchObject({
        volume: "empty",
        containers: [{ name: "aside", status: "exited", running: false }],
      });
      await host.succeed(
        "mkdir -p $(docker volume inspect -f '{{.Mountpoint}}' images)/docker/registry/v2/repositories/app",
      );
      const { volume, disk } = (await look()).docker!;
      expect(volume).toBe("images");
      expect(disk!.free).toBeGreaterThan(0);
      expect(disk!.size).toBeGreaterThan(disk!.free);
      // Without curl, docker's own client is used.
      await host.succeed("mv /usr/bin/curl /usr/bin/curl.aside");
      try {
        const same = await look();
        expect(same.docker?.volume).toBe("images");
        expect(same.docker?.containers).toEqual(docker?.containers);
        await host.succeed("docker rm -f aside && docker volume rm images");
        expect((await look()).docker).toMatchObject({ containers: [], volume: "absent" });
      } finally {
        await host.succeed("mv /usr/bin/curl.aside /usr/bin/curl");
      }
    });

    test("adopted with the image's own anonymous volume: the claim prints the volume's name", async () => {
      await byHand();
      const volume = await host.succeed(
        `docker container inspect -f '{{range .Mounts}}{{.Name}}{{end}}' registry`,
      );
      expect(succeeded(await claim(true))).toBe(`{"type":"volume","source":"${volume.trim()}"}\n`);
      succeeded(await release());
    });

    const look = async () =>
      observe(await connect(host), {
        sudo: false,
        files: [],
        containerd: false,
        docker: true,
        container: { name: "registry", volume: "images" },
      });

    test("the container, its ports and the access to docker are in the observation", async () => {
      await byHand("--restart always -v images:/var/lib/registry");
      const ask = {
        files: [],
        containerd: false,
        docker: true,
        container: { name: "registry", volume: "images" },
      };
      const root = await observe(await connect(host), { ...ask, sudo: false });
      expect(root.docker).toMatchObject({
        loginReachesSocket: true,
        volume: "empty",
        containers: [
          {
            name: "registry",
            image: "registry",
            running: true,
            status: "running",
            ports: ["0.0.0.0:5000->5000/tcp"],
            restartPolicy: "always",
            mounts: [{ type: "volume", name: "images", destination: "/var/lib/registry" }],
          },
        ],
      });
      const ops = await observe(await connect(host, "ops"), { ...ask, sudo: true });
      expect(ops.docker?.loginReachesSocket).toBe(false);
      expect(ops.docker?.containers?.[0]?.running).toBe(true);
    });

    test("the registry is reached from another host; a closed port is reported as such", async () => {
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
        `http://${host.address}:5000/v2/ does not answer this node: connection refused, or no route: is the registry running, and does a firewall block port 5000?\n`,
      );
    });
  });
});
