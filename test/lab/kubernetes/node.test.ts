import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineLab } from "../../../lab";
import { apiAddress, controlPlane, podNetwork } from "../../../lab/kubernetes/addresses";
import { Authority } from "../../../lab/kubernetes/certificates";
import { controlPlaneUnits } from "../../../lab/kubernetes/control-plane";
import { nodeUnits, PREPARE } from "../../../lab/kubernetes/node";

const lab = defineLab({ name: "units", octet: 122, hosts: ["registry", "controlplane", "node01"] });
const [, , node01] = lab.hosts;
let folder: string;
let authority: Authority;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "authority-"));
  authority = await Authority.open(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the control plane is on the host of that name, and each host has a network of its own for Pods", () => {
  expect(controlPlane(lab).name).toBe("controlplane");
  expect(apiAddress(lab)).toBe("https://10.88.122.12:6443");
  expect(lab.hosts.map(({ name }) => podNetwork(lab, name))).toEqual([
    "10.244.1.0/24",
    "10.244.2.0/24",
    "10.244.3.0/24",
  ]);
  const nameless = defineLab({ name: "units", octet: 122, hosts: ["a", "b"] });
  expect(controlPlane(nameless).name).toBe("a");
});

test("a certificate is issued once, by the authority, for the names it is asked for", async () => {
  const subject = {
    user: "system:node:a",
    group: "system:nodes",
    names: ["a"],
    addresses: ["10.0.0.1"],
  };
  const pair = await authority.issue("kubelet-a", subject);
  const certificate = new X509Certificate(pair.certificate);
  expect(certificate.verify(new X509Certificate(authority.certificate).publicKey)).toBe(true);
  expect(certificate.subject).toBe("O=system:nodes\nCN=system:node:a");
  expect(certificate.subjectAltName).toBe("DNS:a, IP Address:10.0.0.1");
  expect(certificate.ca).toBe(false);
  expect(await (await Authority.open(folder)).issue("kubelet-a", subject)).toEqual(pair);
  expect(statSync(join(folder, "kubelet-a.key")).mode & 0o077).toBe(0);
});

test("a node finds the other nodes' Pods through those nodes, and not its own", async () => {
  if (node01 === undefined) throw new Error("the lab lacks node01");
  const units = await nodeUnits(lab, node01, authority, "/opt/kubernetes/x");
  expect(units.map(({ name }) => name)).toEqual(["kubelet.service", "kube-proxy.service"]);
  expect(units[0]?.files[PREPARE]).toBe(
    [
      "[ -e /dev/kmsg ] || mknod /dev/kmsg c 1 3",
      "ip route replace 10.244.1.0/24 via 10.88.122.11",
      "ip route replace 10.244.2.0/24 via 10.88.122.12",
      "",
    ].join("\n"),
  );
  expect(units[0]?.text).toContain("\nExecStart=/opt/kubernetes/x/kubelet \\\n");
});

test("no part of the control plane speaks without TLS but etcd to itself", async () => {
  const units = await controlPlaneUnits(lab, authority, "/opt/kubernetes/x");
  expect(units.map(({ name }) => name)).toEqual([
    "etcd.service",
    "kube-apiserver.service",
    "kube-controller-manager.service",
    "kube-scheduler.service",
  ]);
  const plain = units.flatMap(({ text }) => [...text.matchAll(/http:\/\/[^ \n]+/g)].flat());
  expect(plain).toEqual(["http://127.0.0.1:2380"]);
});
