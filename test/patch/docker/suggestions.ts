import { type DaemonJsonInput, planDaemonJson, Refusal } from "../../../patch";

export const PATH = "/etc/docker/daemon.json";

/** One refusal, and the result of following its suggestion. */
export interface Suggestion {
  name: string;
  /** The input, beside the registry. */
  asked: Asked;
  /** The suggestions in full. */
  fixes: string[];
  /** The input after the suggestions were followed. */
  followed: Asked;
}

type Asked = Partial<DaemonJsonInput> & { text: string | Buffer };

const list = (...entries: string[]): string => JSON.stringify({ "insecure-registries": entries });
const OUT =
  "take this entry out, or write a host, HOST:PORT or a network such as 10.0.0.0/8 in its place";
const QUOTE = 'write " in its place';
const COMMENT = "take the comment out of the file";

/** An entry with which dockerd does not start, and its replacement. */
const entry = (wrong: string, ...right: string[]): Suggestion => ({
  name: `the entry ${JSON.stringify(wrong)}`,
  asked: { text: list("a:1", wrong) },
  fixes: [right.length === 0 ? OUT : `write ${JSON.stringify(right[0])} in its place`],
  followed: { text: list("a:1", ...right) },
});

/** A text that is not JSON, and its replacement. */
const json = (name: string, wrong: string, fixes: string[], right: string): Suggestion => ({
  name,
  asked: { text: wrong },
  fixes,
  followed: { text: right },
});

const unit = "/etc/systemd/system/docker.service.d/x.conf";
const line = (text: string) => [{ file: unit, line: 2, text }];

/** Every refusal of daemon.json that a person can fix. */
export const SUGGESTIONS: Suggestion[] = [
  json("true in quotes", '{"debug": "true"}', ["write true in its place"], '{"debug": true}'),
  json(
    "a word for true or false",
    '{"live-restore": "yes"}',
    ["write true or false, without quotes, or take the key out"],
    '{"live-restore": false}',
  ),
  json("a number in quotes", '{"mtu": "1450"}', ["write 1450 in its place"], '{"mtu": 1450}'),
  json(
    "a number in the options of logs",
    '{"log-opts": {"max-file": 3}}',
    ['write "3" in its place'],
    '{"log-opts": {"max-file": "3"}}',
  ),
  json(
    "a string for a list",
    '{"dns": "10.0.0.1"}',
    ['write ["10.0.0.1"] in its place'],
    '{"dns": ["10.0.0.1"]}',
  ),
  json(
    "an object for a number",
    '{"mtu": {}}',
    ["write an integer, without quotes, or take the key out"],
    "{}",
  ),
  json(
    "an unknown log level",
    '{"log-level": "verbose"}',
    ["write one of them, or take the key out"],
    '{"log-level": "debug"}',
  ),
  json(
    "a key with an underscore",
    '{"log_level": "debug"}',
    ['write "log-level", or take it out'],
    '{"log-level": "debug"}',
  ),
  json("an unknown key", '{"nonsense": 1}', ["take it out"], "{}"),
  json(
    "a mirror without a scheme",
    '{"registry-mirrors": ["mirror.lan:5000"]}',
    ['write "https://mirror.lan:5000" in its place'],
    '{"registry-mirrors": ["https://mirror.lan:5000"]}',
  ),
  json(
    "a mirror with a user",
    '{"registry-mirrors": ["http://me:secret@mirror.lan"]}',
    ['write "http://mirror.lan" in its place'],
    '{"registry-mirrors": ["http://mirror.lan"]}',
  ),
  entry("10.0.0.11:5000 ", "10.0.0.11:5000"),
  entry("\u00a010.0.0.11:5000\u200b", "10.0.0.11:5000"),
  entry('"10.0.0.11:5000"', "10.0.0.11:5000"),
  entry("\u201c10.0.0.11:5000\u201d", "10.0.0.11:5000"),
  entry("10.0.0.11:5000/", "10.0.0.11:5000"),
  entry("https://registry.lan/v2/", "registry.lan"),
  entry("registry.lan:5000/team/", "registry.lan:5000"),
  entry("tcp://10.0.0.11:5000", "10.0.0.11:5000"),
  entry("http://http://10.0.0.11:5000"),
  entry("http://me:secret@registry.lan:5000", "registry.lan:5000"),
  entry("registry.lan.:5000", "registry.lan:5000"),
  entry("registry.lan.", "registry.lan"),
  entry("[fe80::/64"),
  entry("[registry.lan]", "registry.lan"),
  entry("othermachine:port"),
  entry("registry.lan:"),
  entry("registry.lan:70000"),
  entry("my_registry.lan:5000"),
  entry("*.lan"),
  entry("*"),
  entry("10.0.0.*"),
  entry("10.0.0.0/33"),
  entry("-registry.lan"),
  entry(""),
  entry("r\u00e9gistre.lan:5000"),
  {
    name: "a range of ports",
    asked: { text: list("myregistry:8701-8703") },
    fixes: ['write an entry for each port: "myregistry:8701" and so on to "myregistry:8703"'],
    followed: { text: list("myregistry:8701", "myregistry:8702", "myregistry:8703") },
  },
  {
    name: "several in one",
    asked: { text: list("a.lan:1, b.lan:2;http://c.lan") },
    fixes: ['write each as an entry of its own: "a.lan:1", "b.lan:2", "c.lan"'],
    followed: { text: list("a.lan:1", "b.lan:2", "c.lan") },
  },
  {
    name: "two entries at once",
    asked: { text: list("a:1 ", "*") },
    fixes: ['write "a:1" in its place', OUT],
    followed: { text: list("a:1") },
  },
  {
    name: "a text for the list",
    asked: { text: '{"insecure-registries": "a:1"}' },
    fixes: ['write ["a:1"] in its place'],
    followed: { text: list("a:1") },
  },
  {
    name: "an object for the list",
    asked: { text: '{"insecure-registries": {"a:1": true}}' },
    fixes: ["write [] in its place"],
    followed: { text: list() },
  },
  {
    name: "a number in the list",
    asked: { text: '{"insecure-registries": ["a:1", 5000]}' },
    fixes: ["take it out"],
    followed: { text: list("a:1") },
  },
  {
    name: "the key in another case",
    asked: { text: '{"Insecure-Registries": ["a:1"]}' },
    fixes: ['write "insecure-registries" in its place, or join the two where both are there'],
    followed: { text: list("a:1") },
  },
  {
    name: "a key twice",
    asked: { text: '{"insecure-registries": ["a:1"], "insecure-registries": ["b:2"]}' },
    fixes: ["join the two into one"],
    followed: { text: list("a:1", "b:2") },
  },
  {
    name: "a byte-order mark",
    asked: { text: "\uFEFF{}", dockerVersion: "20.10.24" },
    fixes: ["take the first three bytes (EF BB BF) out of the file"],
    followed: { text: "{}", dockerVersion: "20.10.24" },
  },
  {
    name: "UTF-16",
    asked: { text: Buffer.from('\uFEFF{"debug": false}', "utf16le") },
    fixes: ["rewrite the file as UTF-8 text (it may be UTF-16, or damaged)"],
    followed: { text: '{"debug": false}' },
  },
  {
    name: "null for the object",
    asked: { text: "null" },
    fixes: ["write dockerd's settings as the keys of one object, {} for none"],
    followed: { text: "{}" },
  },
  {
    name: "a flag for another registry, which gains ours",
    asked: { text: "{}", flags: line("ExecStart=/usr/bin/dockerd --insecure-registry=a:1") },
    fixes: [
      "add --insecure-registry=10.0.0.11:5000 to this line, or take --insecure-registry out of it and " +
        'write "insecure-registries": ["a:1","10.0.0.11:5000"] in daemon.json',
    ],
    followed: {
      text: "{}",
      flags: line(
        "ExecStart=/usr/bin/dockerd --insecure-registry=a:1 --insecure-registry=10.0.0.11:5000",
      ),
    },
  },
  {
    name: "a flag for another registry, which moves to the file",
    asked: { text: "{}", flags: line("ExecStart=/usr/bin/dockerd --insecure-registry a:1") },
    fixes: [
      "add --insecure-registry=10.0.0.11:5000 to this line, or take --insecure-registry out of it and " +
        'write "insecure-registries": ["a:1","10.0.0.11:5000"] in daemon.json',
    ],
    followed: { text: list("a:1", "10.0.0.11:5000"), flags: line("ExecStart=/usr/bin/dockerd") },
  },
  {
    name: "a flag beside the key",
    asked: { text: list("b:2"), flags: line("ExecStart=/usr/bin/dockerd --insecure-registry=a:1") },
    fixes: ["take --insecure-registry out of that line, and write its values here"],
    followed: { text: list("b:2", "a:1"), flags: line("ExecStart=/usr/bin/dockerd") },
  },
  {
    name: "a flag beside the key in another object",
    asked: {
      text: '{"tls-settings": {"insecure-registries": ["b:2"]}}',
      flags: line("ExecStart=/usr/bin/dockerd --insecure-registry=10.0.0.11:5000"),
    },
    fixes: ["take the key out: dockerd reads no list there"],
    followed: {
      text: "{}",
      flags: line("ExecStart=/usr/bin/dockerd --insecure-registry=10.0.0.11:5000"),
    },
  },
  {
    name: "a flag with an entry with which dockerd does not start",
    asked: {
      text: "{}",
      flags: line("ExecStart=/usr/bin/dockerd --insecure-registry=10.0.0.11:5000/"),
    },
    fixes: ['write "10.0.0.11:5000" in its place'],
    followed: {
      text: "{}",
      flags: line("ExecStart=/usr/bin/dockerd --insecure-registry=10.0.0.11:5000"),
    },
  },
  {
    name: "another configuration file",
    asked: { text: "{}", flags: line("ExecStart=/usr/bin/dockerd --config-file /srv/d.json") },
    fixes: ["plan the change for /srv/d.json, or take --config-file away"],
    followed: { text: "{}", flags: line("ExecStart=/usr/bin/dockerd") },
  },
  {
    name: "a proxy between",
    asked: { text: "{}", environment: line("Environment=HTTP_PROXY=http://p:3128") },
    fixes: ["add 10.0.0.11 to NO_PROXY of the service, reload systemd and restart the service"],
    followed: {
      text: "{}",
      environment: line("Environment=HTTP_PROXY=http://p:3128 NO_PROXY=10.0.0.11"),
    },
  },
  json(
    "smart quotes",
    "{\n  \u201cinsecure-registries\u201d: [\u201c10.0.0.12:5000\u201d]\n}\n",
    [QUOTE],
    '{\n  "insecure-registries": ["10.0.0.12:5000"]\n}\n',
  ),
  json("a string that ends in a smart quote", '{"a": "b\u201d}', [QUOTE], '{"debug": false}'),
  json("apostrophes", "{'debug': false}", [QUOTE], '{"debug": false}'),
  json(
    "two kinds of comments and a comma",
    '{\n  // ours\n  "debug": false,\n  # and theirs\n  "mtu": 1450,\n}\n',
    [COMMENT, COMMENT, "take the comma out"],
    '{\n  "debug": false,\n  "mtu": 1450\n}\n',
  ),
  json(
    "a no-break space",
    '{\n\u00a0\u00a0"debug": false\n}\n',
    ["write a blank in its place"],
    '{\n  "debug": false\n}\n',
  ),
  json(
    "a zero-width space",
    '{\n\u200b"debug": false\n}\n',
    ["take it out of the file"],
    '{\n"debug": false\n}\n',
  ),
  json("a fullwidth colon", '{"debug"\uff1a false}', ["write : in its place"], '{"debug": false}'),
  json("True", '{"debug": True}', ["write true"], '{"debug": true}'),
  json("a key without quotes", "{debug: false}", ['write "debug"'], '{"debug": false}'),
  json(
    "a value without quotes",
    '{"log-driver": json-file}',
    ["write it in quotes, or take it out"],
    '{"log-driver": "json-file"}',
  ),
  json("a number in a form of its own", '{"mtu": 01450}', ["write 1450"], '{"mtu": 1450}'),
  json("a number that is too large", '{"mtu": 1e400}', ["write a smaller one"], '{"mtu": 1450}'),
  json(
    "a lone backslash",
    '{"data-root": "\\var\\lib\\docker"}',
    ["write \\\\ where a backslash is meant"],
    '{"labels": ["root=\\\\var\\\\lib\\\\docker"]}',
  ),
  json(
    "a tab in a string",
    '{"labels": ["a=\t"]}',
    ["write \\t in its place"],
    '{"labels": ["a=\\t"]}',
  ),
  json(
    "a string over two lines",
    '{"log-driver": "json-\nfile"}',
    ['end it with a quotation mark (")'],
    '{"log-driver": "json-file"}',
  ),
  json(
    "a comma that is missing",
    '{"debug": false "mtu": 1450}',
    ["write a comma between them"],
    '{"debug": false, "mtu": 1450}',
  ),
  json(
    "a comma too many",
    '{"debug": false,, "mtu": 1450}',
    ["take it out"],
    '{"debug": false, "mtu": 1450}',
  ),
  json(
    "a brace that is missing",
    '{"log-opts": {"max-size": "10m"}',
    ["write } where it ends"],
    '{"log-opts": {"max-size": "10m"}}',
  ),
  json(
    "text behind the object",
    '{"debug": false}\n{"mtu": 1450}',
    ["take it out: dockerd does not start with it from 23.0 on"],
    '{"debug": false}\n',
  ),
  json(
    "a template",
    '{\n  "debug": {{ docker_debug }}\n}\n',
    ["name the file that is made of it"],
    '{\n  "debug": false\n}\n',
  ),
];

/** Plans the input, for the registry 10.0.0.11:5000 or another one. */
export function planAsked({ text, ...asked }: Asked, registry = "10.0.0.11:5000") {
  return planDaemonJson({
    path: PATH,
    bytes: Buffer.from(text),
    registry,
    dockerVersion: "26.1.5",
    ...asked,
  });
}

/** The suggestions of the refusal. */
export function fixesOf(asked: Asked): string[] {
  try {
    planAsked(asked);
  } catch (error) {
    if (error instanceof Refusal) return error.problems.map(({ fix }) => fix);
    throw error;
  }
  return [];
}
