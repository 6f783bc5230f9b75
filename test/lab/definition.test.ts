import { checked, defineLab, sameSubnet, toNumber } from "../../lab/definition";
import { dedicated, dev } from "../../lab/labs";

describe("defineLab", () => {
  test("numbers the hosts from .11 on in the lab's own subnet", () => {
    expect(defineLab({ name: "mine", octet: 42, hosts: ["a", "b"] })).toEqual({
      name: "mine",
      prefixLength: 24,
      gateway: "10.88.42.1",
      hub: "10.88.42.2",
      hosts: [
        { name: "a", address: "10.88.42.11", flavour: "debian-12" },
        { name: "b", address: "10.88.42.12", flavour: "debian-12" },
      ],
    });
  });

  test("lets a host have an address and a flavour of its own", () => {
    const { hosts } = defineLab({
      name: "mine",
      octet: 42,
      flavour: "debian-13",
      hosts: [
        { name: "a", address: "10.88.42.99" },
        { name: "b", flavour: "debian-12" },
      ],
    });
    expect(hosts).toEqual([
      { name: "a", address: "10.88.42.99", flavour: "debian-13" },
      { name: "b", address: "10.88.42.12", flavour: "debian-12" },
    ]);
  });

  test.each([-1, 256, 1.5, NaN])("refuses the octet %d", (octet) => {
    expect(() => defineLab({ name: "mine", octet, hosts: ["a"] })).toThrow(
      `lab mine: octet must be an integer from 0 to 255, found ${octet}`,
    );
  });

  test("tells everything that is wrong at once", () => {
    const hosts = [
      "hub",
      "Node",
      { name: "a", address: "10.88.42.2" },
      { name: "a", address: "10.88.43.1" },
      { name: "b", address: "10.88.42.300" },
    ];
    expect(() => defineLab({ name: "much-too-long-a-name", octet: 42, hosts })).toThrow(
      [
        'lab "much-too-long-a-name" cannot work:',
        '  name: expected 1 to 12 of a-z, 0-9 and "-", and not "cache", found "much-too-long-a-name"',
        '  host "hub": expected 1 to 30 of a-z, 0-9 and "-", and not "hub"',
        '  host "Node": expected 1 to 30 of a-z, 0-9 and "-", and not "hub"',
        '  host "a": 10.88.42.2 belongs to the hub',
        '  host "a": defined twice',
        '  host "a": 10.88.43.1 is not in 10.88.42.1/24',
        '  host "b": 10.88.42.300 is not in 10.88.42.1/24',
      ].join("\n"),
    );
  });

  test("refuses a lab without hosts, and one named like the cache's folder", () => {
    expect(() => defineLab({ name: "mine", octet: 1, hosts: [] })).toThrow(
      "hosts: expected at least one",
    );
    expect(() => defineLab({ name: "cache", octet: 1, hosts: ["a"] })).toThrow(
      'and not "cache", found "cache"',
    );
  });
});

test("the dev lab has the lesson's own addresses", () => {
  expect(checked(dev).hosts.map(({ name, address }) => `${name} ${address}`)).toEqual([
    "controlplane 172.30.1.2",
    "node01 172.30.2.2",
    "node02 172.30.3.2",
  ]);
});

test("the dedicated lab has its registry on a host of its own", () => {
  expect(checked(dedicated).hosts.map(({ name }) => name)).toEqual([
    "registry",
    "controlplane",
    "node01",
    "node02",
  ]);
});

describe("sameSubnet", () => {
  test.each([
    ["10.88.1.1", "10.88.1.254", 24, true],
    ["10.88.1.1", "10.88.2.1", 24, false],
    ["172.30.0.1", "172.30.255.9", 16, true],
    ["172.30.0.1", "172.31.0.1", 16, false],
    ["255.255.255.255", "255.255.255.254", 31, true],
    ["not an address", "10.0.0.1", 0, false],
  ])("%s and %s in /%d: %s", (a, b, bits, expected) => {
    expect(sameSubnet(a, b, bits)).toBe(expected);
  });
});

describe("toNumber", () => {
  test("reads an IPv4 address", () => {
    expect(toNumber("1.2.3.4")).toBe(0x01020304);
    expect(toNumber("255.255.255.255")).toBe(0xffffffff);
  });

  test.each(["", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.-4", "a.b.c.d"])(
    "%j is no address",
    (text) => {
      expect(toNumber(text)).toBeUndefined();
    },
  );
});
