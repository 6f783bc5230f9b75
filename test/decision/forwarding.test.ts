import { forwardingNote, forwardingProblem } from "../../decision/forwarding";
import type { Observation } from "../../observation/observation";
import { parseSettings } from "../../settings/parse";
import { file, observation, service } from "../helper/observations";

type Forwards = NonNullable<NonNullable<Observation["docker"]>["forwards"]>;

const onNode = parseSettings({
  registry: { host: "cp", address: "10.0.0.1" },
  nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
});
const elsewhere = parseSettings({
  registry: { host: "registry", address: "10.0.0.9" },
  nodes: [{ name: "cp", address: "10.0.0.1", role: "master" }],
});

function host(forwards: Forwards | undefined, daemonJson = "{}", execStart = "dockerd -H fd://") {
  return observation({
    files: [file("/etc/docker/daemon.json", daemonJson)],
    docker: {
      service: service({ unit: "docker.service", execStart }),
      loginReachesSocket: true,
      ...(forwards && { forwards }),
    },
  });
}

const FIX =
  "run `echo 'net.ipv4.ip_forward = 1' > /etc/sysctl.d/k8s.conf && sysctl --system` there";
const EXPECTED =
  "expected net.ipv4.ip_forward = 1, as on every node, found 0: docker would turn it on when it starts, and set the policy of FORWARD to DROP, " +
  `which cuts Pods on this node off from those on others; ${FIX}`;
const note = (found: string) =>
  `the files of sysctl ${found}: net.ipv4.ip_forward is 0 when docker starts at the next boot. docker then sets the policy of FORWARD to DROP, ` +
  `which cuts Pods on this node off from those on others, unless the Pod network has rules of its own: ${FIX}`;

test("docker that would start on a node without forwarding is refused, and on a host of its own it is not", () => {
  const off: Forwards = { now: false, atBoot: "1" };
  expect(forwardingProblem(onNode, host(off))).toBe(EXPECTED);
  expect(forwardingProblem(elsewhere, host(off))).toBeUndefined();
  expect(forwardingProblem(onNode, host({ now: true }))).toBeUndefined();
  expect(forwardingProblem(onNode, host(undefined))).toBeUndefined();
});

test("a node that forwards now and not after its next boot is named", () => {
  expect(forwardingNote(onNode, host({ now: true, atBoot: "unset" }))).toBe(note("do not set it"));
  expect(forwardingNote(onNode, host({ now: true, atBoot: "0" }))).toBe(note("set it to 0"));
  expect(forwardingNote(onNode, host({ now: true, atBoot: "1" }))).toBeUndefined();
  expect(forwardingNote(onNode, host({ now: true }))).toBeUndefined();
  expect(forwardingNote(elsewhere, host({ now: true, atBoot: "unset" }))).toBeUndefined();
});

test.each([
  ['{"iptables": false}', "dockerd"],
  ['{"ip-forward": false}', "dockerd"],
  ["{}", "dockerd --iptables=false"],
  ["{}", "dockerd -H fd:// --ip-forward=false"],
])(
  "docker that leaves packet filters or forwarding alone cuts nothing off: %s %s",
  (json, start) => {
    const off = host({ now: false, atBoot: "0" }, json, start);
    expect(forwardingProblem(onNode, off)).toBeUndefined();
    expect(forwardingNote(onNode, off)).toBeUndefined();
  },
);

test("a daemon.json that cannot be read, or that is none, takes nothing back", () => {
  for (const json of ["{", "[]", "null"])
    expect(forwardingProblem(onNode, host({ now: false }, json))).toBe(EXPECTED);
});
