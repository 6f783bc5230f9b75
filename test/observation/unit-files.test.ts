import { daemonFlags, proxyEnvironment } from "../../decision/sourced-lines";
import { environmentFile, splitUnits, unitEnvironment } from "../../observation/unit-files";
import { service } from "../helper/observations";

const CAT = `# /lib/systemd/system/docker.service
[Unit]
# /not/a/unit
[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS

# /etc/systemd/system/docker.service.d/proxy.conf
[Service]
Environment="HTTP_PROXY=http://user:pass@proxy:3128" 'NO_PROXY=10.0.0.0/8,localhost' PLAIN=1
`;

test("the output of systemctl cat is split by file; other comments with paths do not split it", () => {
  expect(splitUnits(CAT).map((one) => one.path)).toEqual([
    "/lib/systemd/system/docker.service",
    "/etc/systemd/system/docker.service.d/proxy.conf",
  ]);
});

test("Environment= is read with its quotes, its file and its line", () => {
  const path = "/etc/systemd/system/docker.service.d/proxy.conf:2";
  expect(unitEnvironment(splitUnits(CAT))).toEqual([
    { name: "HTTP_PROXY", value: "http://user:pass@proxy:3128", source: path },
    { name: "NO_PROXY", value: "10.0.0.0/8,localhost", source: path },
    { name: "PLAIN", value: "1", source: path },
  ]);
});

test("an empty Environment= discards earlier settings", () => {
  const files = [{ path: "/a.conf", text: "Environment=A=1\nEnvironment=\nEnvironment=B=2\n" }];
  expect(unitEnvironment(files)).toEqual([{ name: "B", value: "2", source: "/a.conf:3" }]);
});

test("a setting continues after a backslash, over comment lines, and has the line where it begins", () => {
  const text = `[Service]
Environment="DOCKER_OPTS= --iptables=false \\
# why
--insecure-registry=10.0.0.1:5000 \\
"
Environment="A=1" \\
 "HTTP_PROXY=http://proxy:3128"
`;
  expect(unitEnvironment([{ path: "/a.conf", text }])).toEqual([
    {
      name: "DOCKER_OPTS",
      value: " --iptables=false  --insecure-registry=10.0.0.1:5000  ",
      source: "/a.conf:2",
    },
    { name: "A", value: "1", source: "/a.conf:6" },
    { name: "HTTP_PROXY", value: "http://proxy:3128", source: "/a.conf:6" },
  ]);
});

test("an environment file has NAME=value lines; quotes are removed and comments skipped", () => {
  const text = '# DOCKER_OPTS="--no"\n;X=1\nDOCKER_OPTS="--insecure-registry a:5000"\nnothing\n';
  expect(environmentFile({ path: "/etc/default/docker", text })).toEqual([
    { name: "DOCKER_OPTS", value: "--insecure-registry a:5000", source: "/etc/default/docker:3" },
  ]);
});

test("an environment file's setting continues after a backslash, too", () => {
  const text = 'DOCKER_OPTS="--debug \\\n--insecure-registry=a:5000"\nHTTP_PROXY=x\n';
  expect(environmentFile({ path: "/etc/default/docker", text })).toEqual([
    {
      name: "DOCKER_OPTS",
      value: "--debug  --insecure-registry=a:5000",
      source: "/etc/default/docker:1",
    },
    { name: "HTTP_PROXY", value: "x", source: "/etc/default/docker:3" },
  ]);
});

test("proxies and flags come with their places, and with the files that have them", () => {
  const defaults = { path: "/etc/default/docker", text: "DOCKER_OPTS=--debug\n" };
  const units = splitUnits(CAT);
  const docker = service({
    unit: "docker.service",
    execStart: "/usr/sbin/dockerd -H fd://",
    environment: [...unitEnvironment(units), ...environmentFile(defaults)],
    unitFiles: [...units, defaults],
  });
  const proxy = {
    file: "/etc/systemd/system/docker.service.d/proxy.conf",
    line: 2,
    content: units[1]?.text,
  };
  expect(proxyEnvironment(docker)).toEqual([
    { ...proxy, text: "HTTP_PROXY=http://user:pass@proxy:3128" },
    { ...proxy, text: "NO_PROXY=10.0.0.0/8,localhost" },
  ]);
  expect(daemonFlags(docker).filter(({ text }) => !/PROXY|PLAIN/.test(text))).toEqual([
    {
      file: "/lib/systemd/system/docker.service",
      line: 5,
      text: "ExecStart=/usr/sbin/dockerd -H fd://",
      content: units[0]?.text,
    },
    {
      file: "/etc/default/docker",
      line: 1,
      text: "DOCKER_OPTS=--debug",
      content: defaults.text,
    },
  ]);
  expect(daemonFlags({ ...docker, environment: [], unitFiles: [] })).toEqual([
    { file: "docker.service", text: "ExecStart=/usr/sbin/dockerd -H fd://" },
  ]);
});
