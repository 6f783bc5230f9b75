import { proxyProblem, shellWords } from "../../patch/proxy";

const file = "/etc/systemd/system/containerd.service.d/proxy.conf";
const lines = (...texts: string[]) => texts.map((text, index) => ({ file, line: index + 1, text }));

describe("a proxy between a daemon and its registry", () => {
  const url = "http://172.30.1.2:5000";

  it("is a problem, shown by the line that sets it", () => {
    expect(
      proxyProblem(url, lines("[Service]", 'Environment="HTTP_PROXY=http://me:secret@proxy:3128"')),
    ).toEqual({
      file,
      line: 2,
      column: 14,
      expected: "172.30.1.2 in NO_PROXY, since HTTP_PROXY is set",
      found: '`Environment="HTTP_PROXY=http://***@proxy:3128"`, and there is no NO_PROXY',
      fix: "add 172.30.1.2 to NO_PROXY of the service, reload systemd and restart the service",
      frame: `> 2 | Environment="HTTP_PROXY=http://***@proxy:3128"
    |              ^`,
    });
  });

  it("is shown with its neighbours if the file is known, and without a place if it has none", () => {
    const content = '[Service]\nEnvironment="A=1" \\\n  http_proxy=http://proxy:3128\n[Install]\n';
    const setting = { file, line: 2, text: "http_proxy=http://proxy:3128", content };
    expect(proxyProblem(url, [setting])).toMatchObject({
      line: 3,
      column: 3,
      frame: `  2 | Environment="A=1" \\
> 3 |   http_proxy=http://proxy:3128
    |   ^
  4 | [Install]`,
    });
    const placeless = proxyProblem(url, [{ file: "docker.service", text: "HTTP_PROXY=http://p" }]);
    expect(placeless).not.toHaveProperty("frame");
    expect(placeless).not.toHaveProperty("line");
  });

  it.each([
    ["no variable at all", []],
    ["a proxy for the other scheme", ["HTTPS_PROXY=http://p"]],
    ["an empty value", ["HTTP_PROXY="]],
    ["a comment", ["#HTTP_PROXY=http://p", "# Environment=HTTP_PROXY=http://p"]],
    ["the address excepted", ["HTTP_PROXY=http://p", "NO_PROXY=localhost,172.30.1.2"]],
    ["the address excepted with its port", ["HTTP_PROXY=http://p", "NO_PROXY=172.30.1.2:5000"]],
    [
      "its network excepted",
      ['Environment="HTTP_PROXY=http://p" "NO_PROXY=10.0.0.0/8, 172.16.0.0/12"'],
    ],
    ["everything excepted", ["http_proxy=http://p", "no_proxy=*"]],
    ["a later line that empties the variable", ["HTTP_PROXY=http://p", "HTTP_PROXY="]],
    [
      "a later line that empties the environment",
      ["Environment=HTTP_PROXY=http://p", "Environment="],
    ],
  ])("is none with %s", (_, texts) => {
    expect(proxyProblem(url, lines(...texts))).toBeUndefined();
  });

  it.each([
    ["a lower-case name", ["http_proxy=http://p"], 1],
    ["an export", ["export HTTP_PROXY='http://p'"], 1],
    ["another address excepted", ["HTTP_PROXY=http://p", "NO_PROXY=172.30.1.20"], 1],
    ["another port excepted", ["HTTP_PROXY=http://p", "NO_PROXY=172.30.1.2:80"], 1],
    ["a later line that sets it", ["HTTP_PROXY=", "HTTP_PROXY=http://p"], 2],
  ])("is one with %s", (_, texts, line) => {
    expect(proxyProblem(url, lines(...texts))?.line).toBe(line);
  });

  it("of a named registry is excepted by its name or a domain above it", () => {
    const named = "https://registry.lan";
    const proxy = "HTTPS_PROXY=http://p";
    for (const list of ["registry.lan", ".lan", "*.lan", "lan", "registry.lan:443"]) {
      expect(proxyProblem(named, lines(proxy, `NO_PROXY=${list}`))).toBeUndefined();
    }
    for (const list of ["other.lan", "egistry.lan", "registry.lan:80", "172.30.0.0/16"]) {
      expect(proxyProblem(named, lines(proxy, `NO_PROXY=${list}`))).toBeDefined();
    }
  });

  it("is never used for loopback addresses", () => {
    const proxy = lines("HTTP_PROXY=http://p");
    expect(proxyProblem("http://127.0.0.1:5000", proxy)).toBeUndefined();
    expect(proxyProblem("http://localhost:5000", proxy)).toBeUndefined();
    expect(proxyProblem("http://[::1]:5000", proxy)).toBeUndefined();
  });
});

it("shellWords removes quotes as systemd and sh do", () => {
  expect(shellWords(`a "b c" 'd "e"' f\\ g x="y z"w "q\\"r"`)).toEqual([
    "a",
    "b c",
    'd "e"',
    "f g",
    "x=y zw",
    'q"r',
  ]);
});
