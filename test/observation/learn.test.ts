import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { learnBastions, learned } from "../../observation/learn";
import type { HostAccess, Route } from "../../settings/access";
import type { Login } from "../../ssh/login";

const KEY = "ssh-ed25519 AAAA";
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "learn-"));
  file = join(folder, "known_hosts");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const unknown = (host: string, changes: Partial<Route> = {}): Route => ({
  login: { host, port: 2222, user: "root", hostKeyPolicy: "accept-any" },
  knownHostsFiles: [file],
  keyInFiles: false,
  learnHostKey: true,
  ...changes,
});
const behind = (name: string, bastion: Route): HostAccess => ({
  ...unknown(name),
  name,
  login: { ...unknown(name).login, proxy: bastion.login },
  sudo: false,
  waitSeconds: 7,
  bastion,
  notes: [],
});

test("a learned key is verified from then on, and is written under host and port", () => {
  expect(learned(unknown("h"), KEY)).toEqual({
    login: { host: "h", port: 2222, user: "root", hostKeys: [KEY], hostKeyPolicy: "verify" },
    knownHostsFiles: [file],
    keyInFiles: true,
    learnHostKey: false,
  });
  expect(readFileSync(file, "utf8")).toBe(`[h]:2222 ${KEY}\n`);
});

test("a host with a HostKeyAlias is written under the name that the next run uses", () => {
  learned(unknown("h", { hostKeyAlias: "fleet" }), KEY);
  expect(readFileSync(file, "utf8")).toBe(`fleet ${KEY}\n`);
});

test("the key of a new bastion is read once, and verified for every host behind it", async () => {
  const asked: unknown[] = [];
  const show = (login: { host: string }, wait: number) => {
    asked.push([login.host, wait]);
    return Promise.resolve(KEY);
  };
  const hosts = await learnBastions([behind("n1", unknown("b")), behind("n2", unknown("b"))], show);
  expect(asked).toEqual([["b", 7]]);
  for (const host of hosts) {
    expect(host.login.proxy).toMatchObject({ hostKeys: [KEY], hostKeyPolicy: "verify" });
    expect(host.bastion).toMatchObject({ keyInFiles: true, learnHostKey: false });
  }
  expect(readFileSync(file, "utf8")).toBe(`[b]:2222 ${KEY}\n`);
});

test("of bastions in a row, the outer one is read first, and leads to the next", async () => {
  const asked: string[] = [];
  const show = ({ host, proxy }: Login) => {
    asked.push(`${host} through ${proxy?.host ?? "nothing"}: ${proxy?.hostKeys?.join() ?? "-"}`);
    return Promise.resolve(KEY);
  };
  const outer = unknown("o");
  const inner = unknown("b", {
    login: { ...unknown("b").login, proxy: outer.login },
    bastion: outer,
  });
  const [host] = await learnBastions([behind("n1", inner), behind("n2", inner)], show);
  expect(asked).toEqual(["o through nothing: -", `b through o: ${KEY}`]);
  expect(host?.login.proxy?.proxy).toMatchObject({ hostKeys: [KEY], hostKeyPolicy: "verify" });
  expect(host?.bastion?.bastion).toMatchObject({ learnHostKey: false });
});

test("the key of a known bastion is not read", async () => {
  const known = behind("n1", unknown("b", { learnHostKey: false, keyInFiles: true }));
  const show = () => Promise.reject(new Error("asked"));
  expect(await learnBastions([known], show)).toEqual([known]);
});

test("a bastion that does not answer stays unchanged, so that its hosts report the error", async () => {
  const host = behind("n1", unknown("b"));
  expect(await learnBastions([host], () => Promise.reject(new Error("no answer")))).toEqual([host]);
});
