import { maskSecrets } from "../../patch";

describe("maskSecrets", () => {
  it.each([
    ['  password = "hunter2"', "  password = ***"],
    ['  "registry_password": "hunter2",', '  "registry_password": ***,'],
    ["identitytoken = 'abc'\r", "identitytoken = ***\r"],
    ['auth = "dXNlcjpwYXNz" # base64', "auth = ***"],
    ['a.b."c".auth.password = "x"', 'a.b."c".auth.password = ***'],
    [
      '{"log-driver":"splunk","log-opts":{"splunk-token":"SECRET"}}',
      '{"log-driver":"splunk","log-opts":{"splunk-token":***}}',
    ],
    [
      'auths."x:5000" = { username = "u", identitytoken = "abc" }',
      'auths."x:5000" = { username = "u", identitytoken = *** }',
    ],
    ['configs."x:5000".auth = { username = "u", password = "p" }', 'configs."x:5000".auth = ***'],
    ['# password = "old"', "# password = ***"],
    ['header = { Authorization = ["Basic dTpw"] }', "header = { Authorization = *** }"],
    ["API_KEY=abc", "API_KEY=***"],
    [
      '{"auth": {"a": "b]}"}, "insecure-registries": ["a:1"]}',
      '{"auth": ***, "insecure-registries": ["a:1"]}',
    ],
    [
      '{"token": "a\\"b", "x": 1, "secret":null,"y":2}',
      '{"token": ***, "x": 1, "secret":***,"y":2}',
    ],
    ['{"labels": ["token=abc", "x"], "y": 1}', '{"labels": ["token=***", "x"], "y": 1}'],
    ['{"token": "a", "b", "c": 1}', '{"token": ***'],
    ['{"password": hunter2, "x": 1}', '{"password": ***'],
    ['{"password": "hunter2, "x": 1', '{"password": ***'],
    ['password = "new" # old: hunter2', "password = ***"],
    ["password = 'a\\', x = 1", "password = ***, x = 1"],
    ['Environment="A=--token=abc --x" TOKEN=hunter2', 'Environment="A=--token=***" TOKEN=***'],
    ['header = [\n  "auth: Basic abc",\n]', 'header = [\n  "auth: ***",\n]'],
    ['"auth":\n  "abc",\n"x": 1', '"auth":\n  ***,\n"x": 1'],
    [
      'Authorization = [\r\n  "Basic a",\r\n  "b"\r\n]\r\nx = 1\r\n',
      "Authorization = ***\r\n  ***\r\n  ***\r\n***\r\nx = 1\r\n",
    ],
    ['password = """\nhunter2\n""" # x\ny = 1', "password = ***\n***\n***\ny = 1"],
    ['"auth": {\n "a": "b"\n', '"auth": ***\n ***\n'],
    ['{"insecure-registries": ["me:pw@a:1"]}', '{"insecure-registries": ["***@a:1"]}'],
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
    'image: "registry.lan:5000/team/img:1@sha256:abc", "img:1@sha256:abc", git@host:path',
    '{"authorization-plugins": ["opa"], "insecure-registries": ["a:1"]}',
    'sandbox_image = "registry.k8s.io/pause:3.8"',
  ])("leaves %j", (line) => {
    expect(maskSecrets(line)).toBe(line);
  });
});
