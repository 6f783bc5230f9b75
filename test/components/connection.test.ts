import * as pulumi from "@pulumi/pulumi";
import { connectionArgs } from "../../components/connection";
import { dockerAddress } from "../../components/docker-ssh";
import { record, valueOf } from "./recorder";

const ED25519 = "ssh-ed25519 AAAAC3Nz";
const RSA = "ssh-rsa AAAAB3Nz";

describe("connectionArgs", () => {
  beforeEach(() => void record());

  test("is secret as a whole", async () => {
    const args = connectionArgs({
      host: "h",
      port: 22,
      user: "root",
      password: "pw",
      hostKeys: [RSA],
    });
    expect(await pulumi.isSecret(args)).toBe(true);
  });

  test("takes the strongest known host key, without its comment", async () => {
    const args = connectionArgs({
      host: "h",
      port: 22,
      user: "root",
      hostKeys: [RSA, `${ED25519} me@h`],
    });
    expect(await valueOf(args)).toMatchObject({ hostKey: ED25519 });
  });

  test("leaves an agent's socket to the provider where it is the session's own, which changes with every login", async () => {
    process.env["SSH_AUTH_SOCK"] = "/run/agent.1";
    const login = { host: "h", port: 22, user: "root", hostKeys: [RSA] };
    expect(
      await valueOf(connectionArgs({ ...login, agentSocket: "/run/agent.1" })),
    ).not.toHaveProperty("agentSocketPath");
    expect(await valueOf(connectionArgs({ ...login, agentSocket: "/run/other" }))).toMatchObject({
      agentSocketPath: "/run/other",
    });
    delete process.env["SSH_AUTH_SOCK"];
  });

  test("hands the bastion over with a host key of its own", async () => {
    const proxy = { host: "b", port: 2222, user: "jump", hostKeys: [RSA] };
    const args = connectionArgs({ host: "h", port: 22, user: "root", hostKeys: [ED25519], proxy });
    expect(await valueOf(args)).toMatchObject({
      proxy: { host: "b", port: 2222, user: "jump", hostKey: RSA },
    });
  });

  test("hands over a bastion before the bastion, for the embedded engine", async () => {
    const outer = { host: "o", port: 22, user: "jump", hostKeys: [RSA] };
    const proxy = { host: "b", port: 2222, user: "jump", hostKeys: [RSA], proxy: outer };
    const args = connectionArgs({ host: "h", port: 22, user: "root", hostKeys: [ED25519], proxy });
    expect(await valueOf(args)).toMatchObject({ proxy: { host: "b", proxy: { host: "o" } } });
  });

  test("has the connect timeout of the settings, and never the one of an ssh config", async () => {
    const login = { host: "h", port: 22, user: "root", hostKeys: [RSA] };
    const limits = { connectSeconds: 60 };
    expect(await valueOf(connectionArgs({ ...login, limits }))).toMatchObject({
      perDialTimeout: 15,
    });
    expect(await valueOf(connectionArgs({ ...login, sharedLimits: limits }))).toMatchObject({
      perDialTimeout: 60,
    });
  });

  test("refuses a login without a known host key", () => {
    expect(() => connectionArgs({ host: "h", port: 22, user: "root" })).toThrow("no host key of h");
  });
});

describe("dockerAddress", () => {
  test("puts an IPv6 address in brackets", () => {
    expect(dockerAddress({ login: { host: "fd00::1", port: 22, user: "root" } })).toBe(
      "ssh://root@[fd00::1]:22",
    );
  });
});
