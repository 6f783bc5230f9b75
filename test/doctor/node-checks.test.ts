import { examine } from "../../doctor/cause";
import type { Look } from "../../doctor/look";
import { NETWORK } from "../../doctor/network-checks";
import { LOCAL } from "../../doctor/node-checks";
import { accessTo, CONFIG, configText, entryFor, look, node, PREFIX } from "./facts";

const local = (...args: Parameters<typeof node>) => examine(LOCAL, node(...args)).cause;
const network = (seen: Partial<Look>) => examine(NETWORK, node("", seen)).cause;

describe("a node's own configuration", () => {
  test("a node that no up has configured", () => {
    expect(local(configText())).toEqual({
      cause: `this stack has never configured node01, so containerd asks ${PREFIX} by https`,
      evidence: [`${CONFIG}: no entry for ${PREFIX}`],
      fix: "npm run up -- --stack s",
    });
  });

  test("an entry with another spelling is named by its line", () => {
    const found = local(configText(...entryFor("10.0.0.11")));
    expect(found?.cause).toBe(
      `containerd has no entry for ${PREFIX}, only for another spelling of it`,
    );
    expect(found?.evidence[0]).toBe(
      `${CONFIG}:4: [plugins."io.containerd.grpc.v1.cri".registry.mirrors."10.0.0.11"]`,
    );
  });

  test("mirrors and config_path in one file", () => {
    const table = '[plugins."io.containerd.grpc.v1.cri".registry]';
    const text = configText(table, '  config_path = "/etc/containerd/certs.d"');
    const found = local(text, {
      pluginError: "mirrors cannot be set when config_path is provided",
    });
    expect(found?.cause).toBe(
      "containerd has mirrors and config_path, and does not load its CRI plugin with both",
    );
    expect(found?.evidence.at(-1)).toBe("mirrors cannot be set when config_path is provided");
    expect(found?.fix).toBe(
      "npm run config -- set migrate true --stack s && npm run up -- --stack s",
    );
  });

  test("containerd that does not run, and one whose unit is masked", () => {
    const stopped = { active: "inactive", sub: "dead" };
    expect(local(configText(), {}, stopped)).toEqual({
      cause: "containerd does not run",
      evidence: ["containerd.service: inactive (dead)"],
      fix: "ssh root@10.0.0.12 'systemctl start containerd'",
    });
    expect(local(configText(), {}, { ...stopped, enabled: "masked" })?.fix).toBe(
      "ssh root@10.0.0.12 'systemctl unmask containerd && systemctl start containerd'",
    );
  });
});

describe("a node's network", () => {
  test("a node that reaches the registry passes, with what it has seen", () => {
    expect(examine(NETWORK, node(""))).toEqual({
      passed: [
        "10.0.0.11 is 10.0.0.11",
        `${PREFIX} takes connections from this node`,
        `http://${PREFIX}/v2/ answers: HTTP/1.1 200 OK`,
      ],
    });
  });

  test("no address for the registry's name: the fix has the one that the registry's host knows", () => {
    const facts = { ...node("", { numbers: [] }), registryNumber: "10.0.0.99" };
    expect(examine(NETWORK, facts).cause).toEqual({
      cause:
        "this node cannot find the address of 10.0.0.11: a node asks its own DNS and /etc/hosts, not the cluster's DNS",
      evidence: ["getent ahosts 10.0.0.11: no such host"],
      fix: "ssh root@10.0.0.12 'echo 10.0.0.99 10.0.0.11 >>/etc/hosts'",
    });
  });

  describe("the firewall of the registry's host", () => {
    const refused = "no answer within 5 seconds";
    const rule = "-A INPUT -p tcp -m tcp --dport 5000 -j DROP";
    const access = accessTo("controlplane", "10.0.0.11");
    const closed = (...rules: string[]) =>
      examine(NETWORK, {
        ...node("", {
          refused,
          answer: [],
          route: "10.0.0.11 via 10.0.1.1 dev eth0 src 10.0.1.12",
        }),
        registryHost: { access, look: look({ rules }) },
      }).cause;

    test("the fix lets this node in, and nobody else", () => {
      const others = "-A INPUT -s 10.0.0.0/24 -p tcp -m tcp --dport 5000 -j ACCEPT";
      expect(closed(others, rule)).toEqual({
        cause: "the firewall of the registry's host refuses this node",
        evidence: [`${PREFIX}: ${refused}`, `controlplane: iptables -S: ${rule}`],
        fix: "ssh root@10.0.0.11 'iptables -I INPUT -s 10.0.1.12 -p tcp --dport 5000 -j ACCEPT'",
      });
    });

    test("a rule for other nodes is not blamed", () => {
      expect(closed("-A INPUT -s 10.9.0.0/16 -p tcp -m tcp --dport 5000 -j DROP")).toEqual({
        cause: `nothing answers this node at ${PREFIX}, although the registry answers on its own host`,
        evidence: [
          `${PREFIX}: ${refused}`,
          "ip route get 10.0.0.11: 10.0.0.11 via 10.0.1.1 dev eth0 src 10.0.1.12",
        ],
        fix: "open TCP port 5000 from node01 to 10.0.0.11 in the firewall between them",
      });
    });
  });

  test("another server at the address", () => {
    expect(network({ answer: ["HTTP/1.1 403 Forbidden", "Server: squid"] })).toEqual({
      cause: `something that is no registry answers this node at ${PREFIX}`,
      evidence: ["HTTP/1.1 403 Forbidden", "Server: squid"],
      fix: "find out what has the address 10.0.0.11 in the network of node01",
    });
  });
});
