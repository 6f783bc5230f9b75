import { maskSecrets } from "../../patch";

describe("maskSecrets", () => {
  it.each([
    ['  password = "hunter2"', "  password = ***"],
    ['  "registry_password": "hunter2",', '  "registry_password": ***'],
    ["identitytoken = 'abc'\r", "identitytoken = ***\r"],
    ['auth = "dXNlcjpwYXNz" # base64', "auth = ***"],
    ['a.b."c".auth.password = "x"', 'a.b."c".auth.password = ***'],
    [
      '{"log-driver":"splunk","log-opts":{"splunk-token":"SECRET"}}',
      '{"log-driver":"splunk","log-opts":{"splunk-token":***',
    ],
    [
      'auths."x:5000" = { username = "u", identitytoken = "abc" }',
      'auths."x:5000" = { username = "u", identitytoken = ***',
    ],
    ['configs."x:5000".auth = { username = "u", password = "p" }', 'configs."x:5000".auth = ***'],
    ['# password = "old"', "# password = ***"],
    ['header = { Authorization = ["Basic dTpw"] }', "header = { Authorization = ***"],
    ["API_KEY=abc", "API_KEY=***"],
    ["https_proxy=http://me:pw@proxy:3128", "https_proxy=http://***@proxy:3128"],
    [
      'endpoint = ["https://u:p@host", "http://v@w"]',
      'endpoint = ["https://***@host", "http://***@w"]',
    ],
  ])("hides %j", (line, masked) => {
    expect(maskSecrets(line)).toBe(masked);
  });

  it.each([
    'endpoint = ["http://172.30.1.2:5000"]',
    '[plugins."io.containerd.grpc.v1.cri".registry.configs."a".auth]',
    "# password is set elsewhere",
    'endpoint = ["http://auth:5000", "https://token.example:443"]',
    '"auth": ',
    'sandbox_image = "registry.k8s.io/pause:3.8"',
  ])("leaves %j", (line) => {
    expect(maskSecrets(line)).toBe(line);
  });
});
