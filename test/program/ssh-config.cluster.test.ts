import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dockerSshOptions } from "../../components/docker-ssh";
import { defineLab, type RunningLab, startLab } from "../../lab";
import { accessOf, type HostAccess } from "../../settings/access";
import { parseSettings } from "../../settings/parse";
import { surroundings } from "../../ssh/surroundings";
import { Connection } from "../../ssh/connection";
import { describeLab } from "../lab-only";
import { TestStack } from "./stack";

describeLab("what the ssh config and known_hosts files say", () => {
  let lab: RunningLab;
  let stack: TestStack;
  let agent: ChildProcess;
  const file = (name: string) => join(stack.folder, name);
  const environment = { ...process.env };

  beforeAll(async () => {
    lab = await startLab(
      defineLab({ name: "ssh-config", octet: 84, hosts: ["controlplane", "bastion"] }),
    );
    const { name, address } = lab.host("controlplane");
    stack = TestStack.lesson(lab, { nodes: [{ name, address, role: "master" }] });
    agent = spawn("ssh-agent", ["-D", "-a", file("agent")], { stdio: "ignore" });
    while (!existsSync(file("agent"))) await new Promise((resolve) => setTimeout(resolve, 10));
    process.env["SSH_AUTH_SOCK"] = file("agent");
    process.env["LAB_KEYS"] = stack.folder;
    for (const key of ["first", "second", "ca"]) {
      run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", key, "-f", file(key));
    }
  });

  afterAll(async () => {
    for (const name of ["SSH_AUTH_SOCK", "LAB_KEYS"]) {
      if (environment[name] === undefined) delete process.env[name];
      else process.env[name] = environment[name];
    }
    agent?.kill();
    stack?.remove();
    await lab?.down();
  });

  /** With this process' environment as the test has changed it. */
  const run = (command: string, ...words: string[]) =>
    spawnSync(command, words, { encoding: "utf8", env: process.env });
  /** The stack's settings for SSH, and a configuration file beside it. */
  const settings = (ssh: Record<string, unknown>, config = "") => {
    writeFileSync(file("config"), config);
    stack.change({ ssh: { config: file("config"), wait: "0", ...ssh } });
  };
  const access = (): HostAccess => {
    const found = accessOf(parseSettings(stack.current), surroundings(stack.folder)).get("controlplane"); // prettier-ignore
    if (found === undefined) throw new Error("controlplane is a host of the settings");
    return found;
  };
  /** What OpenSSH says with the options that @pulumi/docker would run it with. */
  const byOpenSsh = (of = access()) => {
    const target = `${of.login.user}@${of.login.host}`;
    const words = [...dockerSshOptions(of), "-p", String(of.login.port), target, "hostname"];
    const { stdout, stderr, status } = run("ssh", ...words);
    return { stdout, stderr, status };
  };
  const refused = async (): Promise<string> => {
    const said = await stack.preview();
    expect(said.code).not.toBe(0);
    return said.stdout + said.stderr;
  };
  const hostLine = () => `${lab.host("controlplane").address} ${lab.host("controlplane").hostKey}`;

  test("lead to the same host with the same checks, by our client and by OpenSSH", async () => {
    const [controlplane, bastion] = [lab.host("controlplane"), lab.host("bastion")];
    writeFileSync(file("known"), "");
    writeFileSync(file("global 5%"), `fleet ${controlplane.hostKey}\n`);
    writeFileSync(file("jump"), `${bastion.address} ${bastion.hostKey}\n`);
    run("cp", lab.privateKeyPath, file("id 100%"));
    writeFileSync(
      file("more.conf"),
      `Host * !${bastion.address}\n  HostKeyAlias fleet\n  ProxyCommand ssh -W %h:%p nosudo@${bastion.address}\n`,
    );
    settings(
      { user: "root" },
      `Include ${stack.folder}/*.conf
Match user root !host ${bastion.address}
  UserKnownHostsFile \${LAB_KEYS}/known
  GlobalKnownHostsFile "${file("global 5%")}"
Match final host ${controlplane.address.replace(/\.\d+$/, ".*")}
  UserKnownHostsFile ${file("jump")}
Host *
  IdentityFile "\${LAB_KEYS}/id 100%%"
`,
    );
    const found = access();
    expect(found).toMatchObject({
      hostKeyAlias: "fleet",
      identityFile: file("id 100%"),
      knownHostsFiles: [file("known")],
      globalKnownHostsFiles: [file("global 5%")],
      bastion: { login: { host: bastion.address, user: "nosudo" } },
      notes: [],
    });
    const connection = await Connection.open(found.login);
    const { stdout } = await connection.exec("hostname");
    connection.close();
    expect(stdout.toString()).toBe("controlplane\n");
    expect(byOpenSsh(found)).toEqual({ stdout: "controlplane\n", stderr: "", status: 0 });
    await stack.succeed(stack.preview());
  });

  test.each(["user", "global"])(
    "a key that the %s file revokes is refused under accept-new, and not learned",
    async (where) => {
      const { hostKey } = lab.host("controlplane");
      const lines = { user: "", global: "", [where]: `@revoked * ${hostKey}\n` };
      writeFileSync(file("known"), lines.user);
      writeFileSync(file("global"), lines.global);
      settings(
        { privateKeyPath: lab.privateKeyPath, strictHostKeyChecking: "accept-new" },
        `UserKnownHostsFile ${file("known")}\nGlobalKnownHostsFile ${file("global")}\n`,
      );
      expect(await refused()).toContain("the host shows a revoked key, so nothing was sent.");
      expect(readFileSync(file("known"), "utf8")).toBe(lines.user);
      expect(byOpenSsh().stderr).toContain("REVOKED HOST KEY DETECTED");

      writeFileSync(file("known"), `${lines.user}${hostLine()}\n`);
      stack.change({ ssh: { config: file("config"), privateKeyPath: lab.privateKeyPath } });
      expect(await refused()).toContain(
        `${file(where === "user" ? "known" : "global")} line 1: a key is @revoked`,
      );
    },
  );

  test("the agent's key that IdentityFile KEY.pub names is the one that logs in", async () => {
    const host = lab.host("controlplane");
    await host.succeed(
      `cat >> /root/.ssh/authorized_keys <<'END'\n${readFileSync(file("second.pub"), "utf8")}END`,
    );
    await host.succeed(
      "echo 'MaxAuthTries 2' > /etc/ssh/sshd_config.d/tries.conf && systemctl reload ssh",
    );
    try {
      const others = ["third", "fourth"];
      for (const key of others) run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file(key));
      for (const key of [...others, "first", "second"]) run("ssh-add", "-q", file(key));
      rmSync(file("second")); // the agent alone has it now
      settings(
        { knownHostsPath: lab.knownHostsPath },
        "IdentityFile ${LAB_KEYS}/second.pub\nIdentitiesOnly yes\n",
      );
      const found = access();
      const connection = await Connection.open(found.login);
      connection.close();
      expect(byOpenSsh(found)).toEqual({ stdout: "controlplane\n", stderr: "", status: 0 });
      // All of the agent's keys are more than this server hears.
      settings({ knownHostsPath: lab.knownHostsPath, agent: true });
      await expect(Connection.open(access().login)).rejects.toThrow(
        "Too many authentication failures",
      );
      expect(byOpenSsh().status).toBe(255);
    } finally {
      await host.succeed("rm /etc/ssh/sshd_config.d/tries.conf && systemctl reload ssh");
    }
  });

  test("a key that only its certificate lets in is refused, naming the certificate", async () => {
    const host = lab.host("controlplane");
    const ca = readFileSync(file("ca.pub"), "utf8");
    await host.succeed(`cat > /etc/ssh/ca.pub <<'END'\n${ca}END`);
    await host.succeed(
      "echo 'TrustedUserCAKeys /etc/ssh/ca.pub' > /etc/ssh/sshd_config.d/ca.conf && systemctl reload ssh",
    );
    run("ssh-keygen", "-q", "-s", file("ca"), "-I", "me", "-n", "root", file("first.pub"));
    settings({ privateKeyPath: file("first"), knownHostsPath: lab.knownHostsPath });
    expect(byOpenSsh()).toEqual({ stdout: "controlplane\n", stderr: "", status: 0 });
    const what = `not offered: certificate ${file("first-cert.pub")}: @pulumi/command logs in by keys alone; have the key itself in the authorized_keys of the host`;
    const said = await refused();
    expect(said).toContain(`ssh config for controlplane: ${what}`);
    expect(said).toMatch(
      /login refused\. Offered, once: private key SHA256:\S+ \(not offered: certificate /,
    );
  });

  test("a login that needs a second factor is reported as such", async () => {
    const host = lab.host("controlplane");
    await host.succeed(
      "printf 'KbdInteractiveAuthentication yes\\nMatch User root\\n  AuthenticationMethods publickey,keyboard-interactive\\n' " +
        "> /etc/ssh/sshd_config.d/second.conf && systemctl reload ssh",
    );
    settings({ privateKeyPath: lab.privateKeyPath, knownHostsPath: lab.knownHostsPath });
    const said = await refused();
    expect(said).toMatch(
      /login refused halfway: the server took private key SHA256:\S+, and wants keyboard-interactive as well, a second factor\. A program cannot give one: /,
    );
    await host.succeed("rm /etc/ssh/sshd_config.d/second.conf && systemctl reload ssh");
  });

  test("a ProxyCommand that nothing here can run is refused before any host is dialled", async () => {
    settings(
      { privateKeyPath: lab.privateKeyPath, knownHostsPath: lab.knownHostsPath },
      `ProxyCommand touch ${file("canary")}\n`,
    );
    expect(await refused()).toContain(
      `cluster-registry:ssh.config: expected ProxyJump (or ProxyCommand ssh -W %h:%p [USER@]BASTION) for ${lab.host("controlplane").address}, found ProxyCommand touch`,
    );
    expect(existsSync(file("canary"))).toBe(false);
  });
});
