/**
 * Facts about how daemons read their files, if they differ from JSON or from the daemons' manual: one row for each
 * fact. The refusals use this table, the unit tests plan each of its examples, and the matrix suite starts real daemons
 * with them.
 */
export interface ReaderFact {
  /** What the daemon does: the rest of a sentence that begins with the daemon's name. */
  does: string;
  /** The smallest file that demonstrates it; as bytes if it is not text. */
  example: string | Buffer;
  /** The daemon's command line for the example. */
  flags?: readonly string[];
  /** The versions that start with the example: all, none, from one on, or those before one. */
  starts: boolean | { from: number } | { before: number };
  /** The insecure registries of a daemon that starts with it. */
  insecure?: readonly string[];
  /** Why it is refused here although the daemon starts with it. */
  refusedAnyway?: string;
}

const list = (...entries: unknown[]): string => JSON.stringify({ "insecure-registries": entries });
const entry = (does: string, text: string): ReaderFact => ({
  does,
  example: list(text),
  starts: true,
  insecure: [text],
});
const bad = (does: string, ...entries: unknown[]): ReaderFact => ({
  does: `does not start with ${does}`,
  example: list(...entries),
  starts: false,
});

const value = (does: string, settings: Record<string, unknown>): ReaderFact => ({
  does: `does not start with ${does}`,
  example: JSON.stringify(settings),
  starts: false,
});

/** Objects whose keys dockerd does not look up among its flags. */
export const OPAQUE = [
  "builder",
  "cluster-store-opts",
  "default-network-opts",
  "default-ulimits",
  "features",
  "log-opts",
  "runtimes",
];

/** Facts about dockerd: Go's encoding/json, the names of its flags, and its own rules for a registry's name. */
export const DOCKERD = {
  byteOrderMark: {
    does: "takes a byte-order mark in front, from 23.0 on",
    example: "\uFEFF{}",
    starts: { from: 23 },
    insecure: [],
  },
  textBehindObject: {
    does: "reads no further than the end of the object, before 23.0",
    example: '{} {"insecure-registries": ["a:1"]}',
    starts: { before: 23 },
    insecure: [],
    refusedAnyway: "the next version of dockerd does not start with it",
  },
  emptyFile: {
    does: "takes a file without anything in it, from 23.0 on",
    example: "\n",
    starts: { from: 23 },
    insecure: [],
  },
  nullFile: {
    does: "takes null for an object without keys",
    example: "null",
    starts: true,
    insecure: [],
    refusedAnyway: "nobody writes it on purpose",
  },
  notUtf8: {
    does: "takes bytes that are not UTF-8, before 23.0",
    example: Buffer.from('{"labels": ["town=Z\u00fcrich"]}', "latin1"),
    starts: { before: 23 },
    insecure: [],
    refusedAnyway: "the next version of dockerd does not start with it",
  },
  utf16: {
    does: "reads UTF-16 with a byte-order mark, from 23.0 on",
    example: Buffer.from("\uFEFF{}", "utf16le"),
    starts: { from: 23 },
    insecure: [],
    refusedAnyway: "an edit in UTF-8 would spoil it",
  },
  comment: { does: "takes no comment", example: '{ // why\n  "debug": false\n}', starts: false },
  lastComma: {
    does: "takes no comma behind the last element",
    example: '{"debug": false,}',
    starts: false,
  },
  numberTooLarge: {
    does: "takes no number that a double cannot hold",
    example: '{"max-concurrent-uploads": 1e400}',
    starts: false,
  },
  keyInOtherCase: {
    does: "knows a key by its exact letters",
    example: '{"Insecure-Registries": ["a:1"]}',
    starts: false,
  },
  keyTwice: {
    does: "takes the last one of a key that is there twice",
    example: '{"insecure-registries": ["a:1"], "insecure-registries": ["b:2"]}',
    starts: true,
    insecure: ["b:2"],
    refusedAnyway: "what stands first looks as if it counted",
  },
  keyInOtherKey: {
    does: "sees no list below another key",
    example: '{"tls-settings": {"insecure-registries": ["a:1"]}}',
    starts: true,
    insecure: [],
  },
  keyByEscapes: {
    does: "reads escapes in keys and entries",
    example: '{"insecure\\u002dregistries": ["a\\u003a1"]}',
    starts: true,
    insecure: ["a:1"],
  },
  nullList: {
    does: "takes null for an empty list",
    example: '{"insecure-registries": null}',
    starts: true,
    insecure: [],
  },
  textForList: {
    does: "takes no text for a list",
    example: '{"insecure-registries": "a:1"}',
    starts: false,
  },
  nullEntry: bad("null in the list", null),
  numberEntry: bad("a number in the list", 5000),
  flagAndKey: {
    does: "does not start with the key and its flag, equal or not",
    example: '{"insecure-registries": null}',
    flags: ["--insecure-registry=a:1"],
    starts: false,
  },

  nestedKeyAndFlag: {
    does: "does not start with the key in another object beside its flag",
    example: '{"tls-settings": {"insecure-registries": ["b:2"]}}',
    flags: ["--insecure-registry=a:1"],
    starts: false,
  },

  unknownKey: value("a key that it does not know", { "registry-mirorrs": [] }),
  unknownNestedKey: value("such a key in another object", { "tls-settings": { nonsense: 1 } }),
  keyOfFlag: {
    does: "starts with the name of a flag, and does not look at it",
    example: '{"insecure-registry": ["a:1"]}',
    starts: true,
    insecure: [],
  },
  textForBoolean: value("a string for true or false", { debug: "yes" }),
  numberForText: value("a number for a string", { "log-level": 5 }),
  textForNumber: value("a string for a number", { "max-concurrent-downloads": "3" }),
  fractionForNumber: value("a fraction for an integer", { "max-concurrent-downloads": 3.5 }),
  textForDnsList: value("a string for another list", { dns: "10.0.0.1" }),
  numberInLogOpts: value("a number among the options of logs", { "log-opts": { "max-file": 3 } }),
  listForText: value("a list for a string", { "log-driver": ["json-file"] }),
  unknownLevel: value("a log level that it does not know", { "log-level": "verbose" }),
  levelInCapitals: {
    does: "takes a log level in any letters",
    example: '{"log-level": "WARN"}',
    starts: true,
    insecure: [],
  },
  mirrorWithoutScheme: value("a mirror without a scheme", { "registry-mirrors": ["a.lan:5000"] }),
  mirrorWithUser: value("a mirror with a user", { "registry-mirrors": ["https://me:x@a.lan"] }),
  mirrorWithQuery: value("a mirror with a query", { "registry-mirrors": ["https://a.lan?x=1"] }),
  mirrorOfOtherScheme: value("a mirror of another scheme", { "registry-mirrors": ["ftp://a.lan"] }),
  mirrorPortWord: value("a mirror whose port is a word", {
    "registry-mirrors": ["https://a:port"],
  }),
  mirrorPath: {
    does: "takes a mirror with a path, in newer versions",
    example: '{"registry-mirrors": ["https://a.lan/team"]}',
    starts: { from: 23 },
    insecure: [],
  },

  host: entry("takes a host without a port", "registry"),
  hostWithCapitals: entry("keeps capitals of an entry", "REGISTRY.lan:5000"),
  addressWithCapitals: entry("keeps capitals of an address", "[FD00::1]:5000"),
  portWithZeros: entry("keeps zeros before a port", "10.0.0.11:05000"),
  portWithSign: entry("takes a sign before a port", "10.0.0.11:+5000"),
  colonWithoutPort: entry("takes an address with a colon and no port", "10.0.0.11:"),
  bareAddress: entry("takes an IPv6 address without brackets", "fd00::1"),
  bracketsWithoutPort: {
    ...entry("takes an IPv6 address in brackets without a port, from 25.0 on", "[fd00::1]"),
    starts: { from: 25 },
  },
  network: entry("takes a network", "10.0.0.0/8"),
  scheme: {
    ...entry("takes a scheme off, in any letters", "HTTP://a:1"),
    insecure: ["a:1"],
  },
  blankBehind: bad("a blank behind an entry", "10.0.0.11:5000 "),
  blankBefore: bad("a blank before an entry", " 10.0.0.11:5000"),
  emptyEntry: bad("an empty entry", ""),
  placeholder: bad("a port that is a word", "othermachine:port"),
  portRange: bad("a range of ports", "myregistry:8701-8705"),
  portTooHigh: bad("a port above 65535", "registry.lan:65536"),
  addressPortTooHigh: bad("a port above 65535 of an address", "10.0.0.11:65536"),
  negativePort: bad("a port below 0", "10.0.0.11:-1"),
  colonBehindName: bad("a name with a colon and no port", "registry.lan:"),
  slashBehind: bad("a slash behind an entry", "10.0.0.11:5000/"),
  path: bad("a path", "registry.lan/team"),
  otherScheme: bad("another scheme", "tcp://10.0.0.11:5000"),
  schemeTwice: bad("a scheme twice", "http://http://a:1"),
  schemeAlone: bad("a scheme alone", "http://"),
  user: bad("a user", "me@registry.lan:5000"),
  underscore: bad("an underscore", "my_registry.lan:5000"),
  dashInFront: bad("a dash in front", "-registry.lan"),
  dashBehind: bad("a dash at the end", "registry-"),
  dashBehindLabel: bad("a dash at the end of a label", "registry-.lan"),
  twoDots: bad("two dots in a row", "registry..lan"),
  lastDot: bad("a dot at the end", "registry.lan."),
  wildcard: bad("a wildcard", "*.lan"),
  letters: bad("letters that are not ASCII", "r\u00e9gistre.lan"),
  invisible: bad("a sign that is not seen", "10.0.0.11:5000\u200b"),
  quotes: bad("quotes within the quotes", '"10.0.0.11:5000"'),
  twoInOne: bad("two in one", "a:1,b:2"),
  zone: bad("an IPv6 zone", "[fe80::1%eth0]:5000"),
  bareAddressAndPort: bad("an IPv6 address with a port and no brackets", "fd00:0:0:0:0:0:0:1:5000"),
  brackets: bad("brackets around no IPv6 address", "[registry.lan]:5000"),
  networkTooNarrow: bad("more bits than an address has", "10.0.0.0/33"),
  networkOfName: bad("a network of a name", "registry.lan/24"),
  networkWithMask: bad("a network with a mask", "10.0.0.0/255.0.0.0"),
  networkInBrackets: bad("a network in brackets", "[fd00::]/8"),
} as const satisfies Record<string, ReaderFact>;

/** Whether a version of dockerd starts with a fact's example. If the version is unknown, the oldest one counts. */
export function takes(name: keyof typeof DOCKERD, version: string | undefined): boolean {
  const { starts }: ReaderFact = DOCKERD[name];
  if (typeof starts === "boolean") return starts;
  const major = Number(/\d+/.exec(version ?? "")?.[0] ?? 0);
  return "from" in starts ? major >= starts.from : major < starts.before;
}
