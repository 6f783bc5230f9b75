import { askFor } from "../../observation/ask";
import { parseSettings } from "../../settings/parse";

const settings = parseSettings({
  registry: { host: "reg", address: "10.0.0.9" },
  nodes: [{ name: "node01", address: "10.0.0.2", role: "worker" }],
});
const access = (name: string) => ({
  name,
  login: { host: name, port: 22, user: "root" },
  sudo: true,
  waitSeconds: 0,
  knownHostsFiles: ["/known_hosts"],
  keyInFiles: true,
  learnHostKey: false,
  notes: [],
});

test("only containerd is read on a node", () => {
  expect(askFor(settings, access("node01"))).toEqual({
    sudo: true,
    files: ["/etc/containerd/config.toml"],
    containerd: true,
    docker: false,
  });
});

test("only Docker and the container are read on a registry host that is not a node", () => {
  expect(askFor(settings, access("reg"))).toEqual({
    sudo: true,
    files: ["/etc/docker/daemon.json"],
    containerd: false,
    docker: true,
    container: { name: "registry", volume: "registry-data" },
  });
});

test("the containers of caches are read beside the registry's", () => {
  const cached = { ...settings, caches: [{ upstream: "https://quay.io", port: 5001 }] };
  expect(askFor(cached, access("reg")).container).toEqual({
    name: "registry",
    volume: "registry-data",
    beside: ["registry-cache-5001"],
  });
});
