import {
  cidrContains,
  isRegistryHost,
  parseHostPort,
  parseRegistryAddress,
  type RegistryAddress,
  sameUrl,
  splitUrl,
} from "../../patch/address";

describe("parseRegistryAddress", () => {
  it.each([
    ["172.30.1.2:5000", "172.30.1.2", 5000, 4],
    ["Registry.LAN:443", "registry.lan", 443, 0],
    ["[FD00::1]:5000", "fd00::1", 5000, 6],
  ])("reads %s", (text, host, port, family) => {
    expect(parseRegistryAddress(text)).toMatchObject({
      host,
      port,
      family,
      text, // daemons compare it exactly
    });
  });

  it.each([
    "172.30.1.2",
    "172.30.1.2:0",
    "172.30.1.2:65536",
    "172.30.1.256:5000",
    "1.2.3:5000",
    "fd00::1:5000",
    "[172.30.1.2]:5000",
    "http://a:5000",
    "a:5000/",
    "-a:5000",
    "a b:5000",
    "my_registry.lan:5000",
    "a..b:5000",
    "a.:5000",
    "a-.b:5000",
    "172.30.1.2:05000",
    "[::ffff:172.30.1.2]:5000",
    "[fe80::1%eth0]:5000",
    ":5000",
    "",
  ])("does not read %j", (text) => {
    expect(parseRegistryAddress(text)).toBeUndefined();
  });
});

it("cidrContains supports both families, and no names", () => {
  const address = (text: string): RegistryAddress => {
    const parsed = parseRegistryAddress(text);
    if (parsed === undefined) throw new Error(`${text} is no address`);
    return parsed;
  };
  expect(cidrContains("172.30.0.0/15", address("172.31.255.255:1"))).toBe(true);
  expect(cidrContains("172.30.0.0/16", address("172.31.0.0:1"))).toBe(false);
  expect(cidrContains("0.0.0.0/0", address("1.2.3.4:1"))).toBe(true);
  expect(cidrContains("::/0", address("1.2.3.4:1"))).toBe(false);
  expect(cidrContains("fd00::/8", address("[fdff::1]:1"))).toBe(true);
  expect(cidrContains("172.30.0.0/33", address("172.30.0.1:1"))).toBe(false);
  expect(cidrContains("172.30.0.1", address("172.30.0.1:1"))).toBe(false);
  expect(cidrContains("0.0.0.0/0", address("a.lan:1"))).toBe(false);
});

it("parseHostPort accepts what URLs and NO_PROXY may have, in any letter case", () => {
  expect(parseHostPort("My_Cache.LAN:5000")).toMatchObject({
    text: "my_cache.lan:5000",
    port: 5000,
  });
  expect(parseHostPort("[::ffff:172.30.1.2]:80")).toMatchObject({ family: 6 });
  expect(splitUrl("http://my_cache:5000")?.address.host).toBe("my_cache");
});

it.each([
  ["docker.io", true],
  ["Registry.lan:5000", true],
  ["[fd00::1]", true],
  ["a_b", false],
  ["..", false],
  ["a..b", false],
  ["a/b", false],
])("isRegistryHost(%j) is %s: it names a folder, and images", (text, expected) => {
  expect(isRegistryHost(text)).toBe(expected);
});

it("sameUrl ignores slashes at the end, default ports and case, but not schemes and paths", () => {
  expect(sameUrl("http://A:80/", "http://a")).toBe(true);
  expect(sameUrl("http://a", "https://a")).toBe(false);
  expect(sameUrl("http://a/x", "http://a/y")).toBe(false);
  expect(sameUrl("not a url", "not a url")).toBe(true);
});

describe("splitUrl", () => {
  it("splits an http or https URL and keeps its spelling", () => {
    expect(splitUrl("HTTP://u:p@Registry.LAN:5000/v2/x?a#b")).toEqual({
      scheme: "http",
      userinfo: "u:p",
      host: "registry.lan:5000",
      address: parseRegistryAddress("registry.lan:5000"),
      path: "/v2/x",
      rest: "?a#b",
    });
    expect(splitUrl("https://[fd00::1]")).toMatchObject({
      host: "[fd00::1]",
      address: { host: "fd00::1", port: 443, family: 6 },
      path: "",
      rest: "",
    });
  });

  it.each([
    "172.30.1.2:5000",
    "ftp://a",
    "http://",
    "http://a b",
    "http://172.30.1.256",
    "http://a:99999",
    "http://fd00::1",
    "http://a/b'c",
    'http://a/"',
  ])("does not take %j", (url) => {
    expect(splitUrl(url)).toBeUndefined();
  });
});
