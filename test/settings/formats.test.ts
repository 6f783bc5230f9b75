import {
  durationSeconds,
  hostPort,
  isAddress,
  isEndpoint,
  isImageReference,
  isPercentage,
} from "../../settings/formats";

describe("durationSeconds", () => {
  test.each([
    ["30s", 30],
    ["1m30s", 90],
    ["500ms", 0.5],
    ["1.5h", 5400],
    ["0", 0],
  ])("%s is %d seconds", (text, seconds) => expect(durationSeconds(text)).toBe(seconds));

  test.each(["", "30", "s", "1x", "-1s", "1m 30s"])("%j is no duration", (text) => {
    expect(durationSeconds(text)).toBeUndefined();
  });
});

describe("isPercentage", () => {
  test.each(["1%", "25%", "100%"])("%s is one", (text) => expect(isPercentage(text)).toBe(true));

  test.each(["0%", "101%", "25", "2.5%", "-1%", "%", " 5%"])("%j is none", (text) =>
    expect(isPercentage(text)).toBe(false),
  );
});

describe("isAddress", () => {
  test.each(["10.0.0.1", "fd00::5", "registry.internal", "node01"])("%s is one", (text) => {
    expect(isAddress(text)).toBe(true);
  });

  test.each(["300.1.1.1", "10.0.0", "a b", "", "node01:22", "$(touch x)", "-oProxyCommand=x"])(
    "%j is none",
    (text) => {
      expect(isAddress(text)).toBe(false);
    },
  );
});

describe("hostPort", () => {
  test("puts an IPv6 address in brackets", () => {
    expect(hostPort("fd00::5", 5000)).toBe("[fd00::5]:5000");
    expect(hostPort("172.30.1.2", 5000)).toBe("172.30.1.2:5000");
  });
});

describe("isImageReference", () => {
  const digest = `sha256:${"a".repeat(64)}`;
  test.each([
    "registry",
    "registry:3",
    `registry@${digest}`,
    `registry:3@${digest}`,
    "10.0.0.1:5000/a/b:1",
    "ghcr.io/x/y",
    "[fd00::1]:5000/a__b/c--d.e_f",
  ])("%s is one", (text) => expect(isImageReference(text)).toBe(true));

  test.each([
    "",
    "Registry",
    "registry:",
    "registry@sha256:12",
    "a b",
    "registry;rm",
    "a..b",
    "a//b",
    "a._b",
    "my_host:5000/a",
    "a-/b",
    "-a.lan/b",
  ])("%j is none", (text) => {
    expect(isImageReference(text)).toBe(false);
  });
});

describe("isEndpoint", () => {
  test.each([
    "https://mirror.gcr.io",
    "http://10.0.0.1:5000",
    "https://harbor.internal/v2/proxy",
    "http://[fd00::5]:5000",
  ])("%s is one", (text) => expect(isEndpoint(text)).toBe(true));

  test.each([
    "mirror.gcr.io",
    "ftp://a",
    "https://user:pw@a",
    "https://a?x=1",
    'https://a"b',
    "https://",
  ])("%j is none", (text) => expect(isEndpoint(text)).toBe(false));
});
