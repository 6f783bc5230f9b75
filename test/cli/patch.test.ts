import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { run } from "../../cli/patch";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "patch-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the command on a copy named `name`. Shortens paths in the output to that name. */
function patch(name: string, text: string, ...args: string[]) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  let out = "";
  let error = "";
  const code = run([file, ...args], {
    out: (written) => (out += written),
    error: (written) => (error += written),
  });
  expect(readFileSync(file, "utf8")).toBe(text); // the command never writes
  return { code, out: out.replaceAll(`${folder}/`, ""), error: error.replaceAll(`${folder}/`, "") };
}

const REGISTRY = ["--registry", "172.30.1.2:5000"];
const MIRRORS = 'plugins."io.containerd.grpc.v1.cri".registry.mirrors';

describe("npm run patch", () => {
  it("shows the change of daemon.json as a diff, and exits with 2", () => {
    expect(patch("daemon.json", '{\n  "mtu": 1\n}\n', ...REGISTRY)).toEqual({
      code: 2,
      out: `--- daemon.json
+++ daemon.json
@@ -1,3 +1,4 @@
 {
+  "insecure-registries": ["172.30.1.2:5000"],
   "mtu": 1
 }
`,
      error: "the daemon needs a reload afterwards\n",
    });
  });

  it("shows the lesson's two lines, and says which containerd it assumes", () => {
    const config = `version = 2\n[${MIRRORS}]\n  [${MIRRORS}.a]\n    endpoint = ["http://a"]\n`;
    expect(patch("config.toml", config, ...REGISTRY)).toEqual({
      code: 2,
      out: `--- config.toml
+++ config.toml
@@ -1,4 +1,6 @@
 version = 2
 [${MIRRORS}]
+  [${MIRRORS}."172.30.1.2:5000"]
+    endpoint = ["http://172.30.1.2:5000"]
   [${MIRRORS}.a]
     endpoint = ["http://a"]
`,
      error:
        "assuming containerd 1.7.28; use --containerd-version for another one\n" +
        "the daemon needs a restart afterwards\n",
    });
  });

  it("shows a new hosts.toml as one that comes from nowhere", () => {
    const config =
      'version = 3\n[plugins."io.containerd.cri.v1.images".registry]\nconfig_path = ""\n';
    const { code, out, error } = patch("config.toml", config, ...REGISTRY);
    expect(code).toBe(2);
    expect(out).toContain(
      "--- /dev/null\n+++ /etc/containerd/certs.d/172.30.1.2:5000/hosts.toml\n@@ -0,0 +1,5 @@\n",
    );
    expect(error).toContain("assuming containerd 2.2.3");
  });

  it("exits with 0, and says why, where there is nothing to change", () => {
    expect(patch("daemon.json", '{"insecure-registries": ["172.30.0.0/16"]}', ...REGISTRY)).toEqual(
      {
        code: 0,
        out: "",
        error:
          "daemon.json: 172.30.1.2:5000 is already in insecure-registries, line 1\nno change\n",
      },
    );
  });

  it("counts a certs.d beside the copy as the node's", () => {
    const config =
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "/etc/containerd/certs.d"\n';
    const first = patch("config.toml", config, ...REGISTRY);
    expect(first.code).toBe(2);
    const hosts = first.out
      .split("\n")
      .filter((line) => line.startsWith("+") && !line.startsWith("+++"))
      .map((line) => line.slice(1));
    mkdirSync(join(folder, "certs.d/172.30.1.2:5000"), { recursive: true });
    writeFileSync(join(folder, "certs.d/172.30.1.2:5000/hosts.toml"), `${hosts.join("\n")}\n`);
    expect(patch("config.toml", config, ...REGISTRY).code).toBe(0);
    const removal = patch("config.toml", config, ...REGISTRY, "--remove");
    expect(removal.code).toBe(2);
    expect(removal.out).toContain("+++ /dev/null\n");
    expect(removal.out).not.toContain("config_path");
    expect(removal.error).toContain(
      "no restart needed: containerd reads hosts.toml files at each pull\n",
    );
  });

  describe("a config_path elsewhere: its folder is looked for beside the copy", () => {
    const config = (path: string): string =>
      `version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\nconfig_path = "${path}"\n`;
    const hosts = 'server = "http://172.30.1.2:5000"\n\n[host."http://172.30.1.2:5000"]\n';

    it.each([
      ["/etc/k0s/certs.d", "config.toml", "certs.d"],
      ["/etc/k0s/certs.d/", "config.toml", "k0s/certs.d"],
      ["/etc/k0s/certs.d", "config.toml", "etc/k0s/certs.d"],
      ["/etc/k0s/certs.d", "etc/containerd/config.toml", "etc/k0s/certs.d"],
      ["/srv/hosts", "node01.toml", "hosts"],
      ["/etc/containerd/certs.d", "copy/config.toml", "copy/certs.d"],
    ])("%s of %s in %s", (path, name, folderOfCopy) => {
      const text = config(path);
      expect(patch(name, text, ...REGISTRY).code).toBe(2);
      const directory = join(folder, folderOfCopy, "172.30.1.2:5000");
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, "hosts.toml"), hosts);
      const { code, out, error } = patch(name, text, ...REGISTRY);
      expect([code, out]).toEqual([0, ""]);
      expect(error).toMatch(/\nno change\n$/);
    });

    it("two folders of one name are each their own", () => {
      const text = config("/etc/containerd/certs.d:/etc/docker/certs.d");
      const first = join(folder, "certs.d/172.30.1.2:5000");
      const second = join(folder, "docker/certs.d/172.30.1.2:5000");
      mkdirSync(first, { recursive: true });
      mkdirSync(second, { recursive: true });
      writeFileSync(join(second, "hosts.toml"), hosts);
      const { code, out } = patch("config.toml", text, ...REGISTRY);
      expect(code).toBe(2);
      expect(out).toContain("+++ /etc/containerd/certs.d/172.30.1.2:5000/hosts.toml");
    });
  });

  describe("certificates in folders beside the copy", () => {
    const list = 'version = 3\n[plugins."io.containerd.cri.v1.images".registry]\nconfig_path = ';
    const write = (path: string): void => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), "a certificate\n");
    };

    it.each(["ca.crt", "client.cert", "client.key"])(
      "%s in the second directory of a list is in use, as on a host",
      (name) => {
        const text = `${list}"/etc/containerd/certs.d:/etc/docker/certs.d"\n`;
        const version = ["--containerd-version", "2.1.4"];
        expect(patch("config.toml", text, ...REGISTRY, ...version).code).toBe(2);
        write(`docker/certs.d/other.lan/${name}`);
        const refused = patch("config.toml", text, ...REGISTRY, ...version);
        expect(refused.code).toBe(1);
        expect(refused.error).toContain(
          `found "/etc/containerd/certs.d:/etc/docker/certs.d", with /etc/docker/certs.d/other.lan/${name}`,
        );
      },
    );

    it("a new config_path puts them into force, which is said", () => {
      write("certs.d/other.lan/ca.crt");
      write("certs.d/other.lan/notes.txt");
      write("certs.d/ca.crt");
      const { code, error } = patch("config.toml", "version = 2\n", ...REGISTRY);
      expect(code).toBe(2);
      expect(error).toContain(
        "config_path also puts into force: /etc/containerd/certs.d/other.lan/ca.crt\n",
      );
    });

    it("Docker's own folder stays in use where containerd looks into it without config_path", () => {
      const text =
        'version = 3\n[plugins."io.containerd.cri.v1.images"]\nuse_local_image_pull = true\n';
      write("docker/certs.d/other.lan/ca.crt");
      const { out } = patch("config.toml", text, ...REGISTRY, "--containerd-version", "2.2.3");
      expect(out).toContain("+++ /etc/containerd/certs.d/172.30.1.2:5000/hosts.toml");
      expect(out).not.toContain("config.toml");
    });
  });

  it("--migrate plans what the setting of that name does, which a refusal suggests", () => {
    const registry = 'plugins."io.containerd.grpc.v1.cri".registry';
    const text = `version = 2\n[${registry}]\nconfig_path = "/etc/containerd/certs.d"\n[${MIRRORS}.a]\nendpoint = ["http://a"]\n`;
    expect(patch("config.toml", text, ...REGISTRY).error).toContain("or set migrate: true");
    const { code, out } = patch("config.toml", text, ...REGISTRY, "--migrate");
    expect(code).toBe(2);
    expect(out).toContain("+++ /etc/containerd/certs.d/a/hosts.toml");
    const mirrors = `version = 2\n[${MIRRORS}.a]\nendpoint = ["http://a"]\n`;
    expect(patch("config.toml", mirrors, ...REGISTRY, "--migrate").out).toBe(
      patch("config.toml", mirrors, ...REGISTRY).out,
    );
  });

  it.each(["config.toml", "config.toml.tmpl"])("calls a template one (%s)", (name) => {
    const { code, error } = patch(name, '{{ template "base" . }}\n', ...REGISTRY);
    expect(code).toBe(1);
    expect(error).toContain("a template");
    expect(error).not.toContain("JSON");
  });

  it("reads daemon.json as the Docker of --docker-version does", () => {
    const text = '\uFEFF{\n  "mtu": 1\n}\n';
    expect(patch("daemon.json", text, ...REGISTRY).error).toContain(
      "found a byte-order mark, which dockerd before 23.0 does not take",
    );
    expect(patch("daemon.json", text, ...REGISTRY, "--docker-version", "26.1.5").code).toBe(2);
  });

  it("shows the change of a file of one line, though a key in it looks secret", () => {
    const text = '{"log-opts": {"splunk-token": "x"}, "insecure-registries": ["10.0.0.12:5000"]}\n';
    const { code, out } = patch("daemon.json", text, ...REGISTRY);
    expect(code).toBe(2);
    expect(out).toContain(
      '+{"log-opts": {"splunk-token": ***}, "insecure-registries": ["172.30.1.2:5000", "10.0.0.12:5000"]}\n',
    );
  });

  it("a registry that no image can be named by is refused", () => {
    const { code, error } = patch("daemon.json", "{}", "--registry", "my_registry.lan:5000");
    expect(code).toBe(1);
    expect(error).toContain("no image can be named so");
  });

  it("--remove takes the registry out", () => {
    const { code, out } = patch(
      "daemon.json",
      '{\n  "insecure-registries": ["172.30.1.2:5000"],\n  "mtu": 1\n}\n',
      ...REGISTRY,
      "--remove",
    );
    expect(code).toBe(2);
    expect(out).toContain('-  "insecure-registries": ["172.30.1.2:5000"],\n');
  });

  it("takes a file without a telling name for what it holds", () => {
    expect(patch("copy", "{}", ...REGISTRY).out).toContain('+{ "insecure-registries"');
    expect(patch("copy", "version = 2\n", ...REGISTRY).out).toContain("config_path");
  });

  it.each([
    ["hosts.toml", "# ours\n"],
    ["copy", 'server = "http://172.30.1.2:5000"\n'],
    ["copy", '[host."http://172.30.1.2:5000"]\n'],
  ])("refuses a hosts.toml, which is none of the two (%s, %j)", (name, text) => {
    const { code, out, error } = patch(name, text, ...REGISTRY);
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(error).toBe(`refused:
${name}: expected a copy of daemon.json or of containerd's config.toml; found a hosts.toml, which is written as a whole
  fix: name the config.toml: the hosts.toml files in a certs.d beside it count as well
`);
  });

  it("does not show credentials", () => {
    const config = `version = 2\npassword = "hunter2"\n[${MIRRORS}.a]\nendpoint = ["http://u:pw@a"]\n`;
    const { out } = patch("config.toml", config, ...REGISTRY);
    expect(out).toContain(" password = ***\n");
    expect(out).not.toMatch(/hunter2|u:pw/);
  });

  it.each([
    ["a broken file", "a = = 1\n", [], "config.toml:1:5: expected valid TOML"],
    [
      "a version that is too high",
      "version = 3\n",
      ["--containerd-version", "1.6.20"],
      "version = 2",
    ],
    ["an address without a port", "", ["--registry", "172.30.1.2"], "as HOST:PORT"],
  ])("exits with 1 for %s", (_, text, args, message) => {
    const { code, out, error } = patch("config.toml", text, ...REGISTRY, ...args);
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(error).toContain("refused:\n");
    expect(error).toContain(message);
  });

  it.each([
    ["an unknown flag", ["--regist", "x"], "Unknown option '--regist'"],
    ["no registry", [], "patch: expected --registry HOST:PORT, found none\n"],
    ["two files", [...REGISTRY, "other"], "config.toml other\n"],
    ["a flag without its value", ["--registry"], "'--registry <value>' argument missing"],
  ])("exits with 1 for %s, and says how it is used", (_, args, message) => {
    const { code, error } = patch("config.toml", "", ...args);
    expect(code).toBe(1);
    expect(error).toContain(message);
    expect(error).toContain(
      "\nusage: npm run patch -- FILE --registry HOST:PORT [options]\nRun with --help for details.\n",
    );
  });

  it.each(["--help", "-h"])("%s prints what it does, on stdout, with examples", (flag) => {
    const { code, out, error } = patch("config.toml", "", flag);
    expect(code).toBe(0);
    expect(error).toBe("");
    expect(out).toContain("Exit codes: 0 no changes, 2 changes, 1 the file was refused");
    for (const line of out.split("\n")) expect(line.length).toBeLessThan(120);
  });

  it("--help's examples are command lines that it takes", () => {
    const { out } = patch("config.toml", "", "--help");
    const examples = [...out.matchAll(/npm run -s patch -- (.*)$/gm)].map(
      (match) => match[1] ?? "",
    );
    expect(examples).toHaveLength(4);
    for (const example of examples) {
      const [name = "", ...args] = example.split(" ");
      const text = name.endsWith(".json") ? "{}" : "version = 2\n";
      const isRemoval = args.includes("--remove");
      expect([example, patch(name, text, ...args).code]).toEqual([example, isRemoval ? 0 : 2]);
    }
  });

  it("exits with 1 for a file that is not there", () => {
    let error = "";
    const output = { out: () => undefined, error: (text: string) => void (error += text) };
    expect(run([join(folder, "nowhere.toml"), ...REGISTRY], output)).toBe(1);
    expect(error).toContain("expected a file that can be read; found ENOENT");
  });
});
