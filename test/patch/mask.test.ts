import { maskSecrets } from "../../patch";

describe("maskSecrets", () => {
  it.each([
    ['  password = "hunter2"', "  password = ***"],
    ['  "registry_password": "hunter2",', '  "registry_password": ***'],
    ["identitytoken = 'abc'\r", "identitytoken = ***\r"],
    ['auth = "dXNlcjpwYXNz" # base64', "auth = ***"],
    ['a.b."c".auth.password = "x"', 'a.b."c".auth.password = ***'],
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
    'sandbox_image = "registry.k8s.io/pause:3.8"',
  ])("leaves %j", (line) => {
    expect(maskSecrets(line)).toBe(line);
  });
});
