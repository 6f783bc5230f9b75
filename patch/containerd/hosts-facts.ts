import { type TomlDocument } from "../toml/document";
import { isTable, stringsOf, type Tree, type TreeTable } from "../toml/value";
import { isDuration } from "./duration";
import { type Fact, type Finding, on1x, on2x, onAll } from "./fact";
import { inOtherLetters } from "./letters";
import { type DaemonVersion, isAtLeast, shown } from "./version";

const HEAD = 'server = "http://10.0.0.11:5000"\n[host."http://10.0.0.11:5000"]\n';
const OTHER = '[host."https://other.lan"]\n';

/** With any of these anywhere in a hosts.toml, containerd ignores the whole file and asks by https. */
export const HOSTS_THROWN_AWAY: readonly Fact[] = [
  {
    does: "throws a hosts.toml away that has an unknown capability",
    of: onAll,
    example: `${HEAD}${OTHER}capabilities = ["pull", "delete"]\n`,
    instead: `${HEAD}${OTHER}capabilities = ["pull"]\n`,
    find: inTables(["capabilities"], (value, daemon) => {
      const known = ["pull", "resolve", "push", ...(isAtLeast(daemon, 2, 2) ? ["referrers"] : [])];
      const other = stringsOf(value)?.find((name) => !known.includes(name.toLowerCase()));
      return other === undefined
        ? undefined
        : { expected: known.join(", "), found: `"${other}"`, fix: `take "${other}" out` };
    }),
  },
  {
    does: "throws a hosts.toml away that has the capability referrers, before 2.2",
    of: (daemon) => !isAtLeast(daemon, 2, 2),
    example: `${HEAD}capabilities = ["pull", "resolve", "referrers"]\n`,
    instead: `${HEAD}capabilities = ["pull", "resolve"]\n`,
    find: () => undefined, // the row above finds it
  },
  wrongType("capabilities", '"pull"', '["pull"]', "a list of strings", (value) => {
    return stringsOf(value) !== undefined;
  }),
  wrongType("skip_verify", '"true"', "true", "true or false", isBoolean),
  wrongType("override_path", "1", "true", "true or false", isBoolean),
  wrongType(
    "ca",
    "5",
    '"/etc/ssl/certs/ca-certificates.crt"',
    "a path or a list of paths",
    isTexts,
  ),
  wrongType(
    "client",
    '[["/etc/client.cert"]]',
    "[]",
    "a path, or a list of paths and of pairs [certificate, key]",
    (value) =>
      isTexts(value) ||
      (Array.isArray(value) &&
        value.every((one) => typeof one === "string" || stringsOf(one)?.length === 2)),
  ),
  wrongType("header", "{ x = 5 }", '{ x = "5" }', "a table of strings", (value) => {
    return isTable(value) && Object.values(value).every(isTexts);
  }),
  {
    does: "throws a hosts.toml away whose server is no string",
    of: onAll,
    example: `server = 5\n[host."http://10.0.0.11:5000"]\n`,
    instead: HEAD,
    find: (document) =>
      typeof (document.get(["server"]) ?? "") === "string"
        ? undefined
        : thrown(document, ["server"], {
            expected: "a string",
            found: "another value",
            fix: "write it in quotes",
          }),
  },
  {
    does: "throws a hosts.toml away whose dial_timeout is no duration, from 2.1 on (and 2.0.8)",
    of: knowsDialTimeout,
    example: `${HEAD}dial_timeout = 3\n`,
    instead: `${HEAD}dial_timeout = "3s"\n`,
    find: inTables(["dial_timeout"], (value, daemon) =>
      !knowsDialTimeout(daemon) ||
      (typeof value === "string" && (value === "" || isDuration(value)))
        ? undefined
        : {
            expected: 'a duration in quotes, such as "3s"',
            found: "another value",
            fix: "write it so",
          },
    ),
  },
  {
    does: "throws a hosts.toml away that has a server, or a host, which is no URL",
    of: onAll,
    example: `${HEAD}[host."http://10.0.0.12:port"]\n`,
    instead: `${HEAD}[host."http://10.0.0.12:5000"]\n`,
    find: (document) => {
      const server = document.get(["server"]);
      const urls = Object.keys(document.getTable(["host"]) ?? {}).map((url) => ({
        url,
        path: ["host", url],
      }));
      if (typeof server === "string") urls.push({ url: server, path: ["server"] });
      const bad = urls.find(({ url }) => url !== "" && !isUrl(url));
      return (
        bad &&
        thrown(document, bad.path, {
          expected: "http://HOST:PORT or https://HOST:PORT",
          found: `\`${bad.url}\``,
          fix: "write it so",
        })
      );
    },
  },
  {
    does: "throws a hosts.toml away in which a host is no table",
    of: onAll,
    example: `${HEAD}[host]\n"https://other.lan" = 5\n`.replace(
      `[host."http://10.0.0.11:5000"]\n[host]`,
      "[host]",
    ),
    instead: `${HEAD}${OTHER}`,
    find: (document) => {
      const hosts = document.get(["host"]);
      const path = ["host"];
      if (hosts === undefined) return undefined;
      const bad = isTable(hosts)
        ? Object.entries(hosts).find(([, value]) => !isTable(value))?.[0]
        : "";
      if (bad === undefined) return undefined;
      const what = {
        expected: "a table",
        found: "another value",
        fix: 'write [host."URL"], with its settings below',
      };
      return thrown(document, bad === "" ? path : [...path, bad], what);
    },
  },
  {
    does: "reads the keys of a hosts.toml in any letters",
    of: on2x,
    example: `${HEAD}${OTHER}Skip_verify = "true"\n`,
    instead: `${HEAD}${OTHER}skip_verify = true\n`,
    find: otherLetters(false),
  },
  {
    does: "reads the keys of a hosts.toml all in capitals, too",
    of: onAll,
    example: `${HEAD}${OTHER}SKIP_VERIFY = "true"\n`,
    instead: `${HEAD}${OTHER}skip_verify = true\n`,
    find: otherLetters(true),
  },
];

/** Servers in a hosts.toml that containerd does not ask. */
export const HOSTS_NOT_ASKED: readonly Fact[] = [
  {
    does: "asks only hosts that have a table header of their own",
    of: on2x,
    example: 'host = { "http://10.0.0.11:5000" = {} }\n',
    instead: '[host."http://10.0.0.11:5000"]\n',
    find: (document, daemon) => {
      const url = Object.keys(document.getTable(["host"]) ?? {}).find(
        (one) => !hasHeader(document, one),
      );
      if (url === undefined) return undefined;
      return {
        offset: document.offsetOf(["host", url]) ?? 0,
        expected: `a table header [host."${url}"]`,
        found: `no header of its own: containerd ${daemon.text} does not ask such a host`,
        fix: `write [host."${url}"] on a line of its own, and its settings below`,
      };
    },
  },
  {
    does: "takes a host for https that does not begin with http in small letters",
    of: onAll,
    example: '[host."HTTP://10.0.0.11:5000"]\n',
    instead: '[host."http://10.0.0.11:5000"]\n',
    find: (document, daemon) => {
      const url = Object.keys(document.getTable(["host"]) ?? {}).find(
        (one) => !one.startsWith("http") && /^https?:/i.test(one),
      );
      if (url === undefined) return undefined;
      return {
        offset: document.offsetOf(["host", url]) ?? 0,
        expected: "http:// or https:// in small letters",
        found: `\`${url}\`, which containerd ${daemon.text} asks as https://${url}`,
        fix: "write it in small letters",
      };
    },
  },
  {
    does: "asks nothing of a hosts.toml that has a server alone",
    of: on1x,
    example: 'server = "http://10.0.0.11:5000"\n',
    instead: HEAD,
    find: (document, daemon) => {
      const server = document.get(["server"]);
      if (typeof server !== "string" || document.get(["host"]) !== undefined) return undefined;
      return {
        offset: document.offsetOf(["server"]) ?? 0,
        expected: `a [host."URL"] beside server`,
        found: `server alone, for which containerd ${daemon.text} throws the file away`,
        fix: `add a table [host."${server}"] below it`,
      };
    },
  },
];

/** Whether a host has a header, or a header below it. 2.x asks only such hosts. */
export function hasHeader({ tables }: TomlDocument, url: string): boolean {
  return tables.some(({ array, path }) => !array && path[0] === "host" && path[1] === url);
}

const NAMES = [
  "capabilities",
  "ca",
  "client",
  "skip_verify",
  "header",
  "override_path",
  "dial_timeout",
];

/** The tables that containerd reads: the file itself, for the server, and the table of each host. */
function tablesIn(document: TomlDocument): { path: string[]; table: TreeTable }[] {
  const hosts = Object.entries(document.getTable(["host"]) ?? {}).flatMap(([url, table]) =>
    isTable(table) ? [{ path: ["host", url], table }] : [],
  );
  return isTable(document.tree) ? [{ path: [], table: document.tree }, ...hosts] : hosts;
}

type Wrong = Omit<Finding, "offset">;

function inTables(
  keys: readonly string[],
  wrong: (value: Tree, daemon: DaemonVersion) => Wrong | undefined,
): Fact["find"] {
  return (document, daemon) => {
    for (const { path, table } of tablesIn(document)) {
      for (const key of keys) {
        const value = table[key];
        const what = value === undefined ? undefined : wrong(value, daemon);
        if (what !== undefined) return thrown(document, [...path, key], what);
      }
    }
    return undefined;
  };
}

function thrown(document: TomlDocument, path: readonly string[], what: Wrong): Finding {
  return {
    offset: document.offsetOf(path) ?? 0,
    expected: `${shown(document, path)} to be ${what.expected}`,
    found: `${what.found}, for which containerd throws the whole file away and asks by https`,
    fix: what.fix,
  };
}

function wrongType(
  key: string,
  wrong: string,
  right: string,
  expected: string,
  isRight: (value: Tree) => boolean,
): Fact {
  return {
    does: `throws a hosts.toml away in which ${key} is not ${expected}`,
    of: onAll,
    example: `${HEAD}${OTHER}${key} = ${wrong}\n`,
    instead: `${HEAD}${OTHER}${key} = ${right}\n`,
    find: inTables([key], (value) =>
      isRight(value)
        ? undefined
        : { expected, found: "another value", fix: `write ${expected}, or take it out` },
    ),
  };
}

function otherLetters(capitals: boolean): Fact["find"] {
  return (document, daemon) => {
    const found = [
      ...inOtherLetters(document, [], [...NAMES, "server", "host"], daemon),
      ...tablesIn(document)
        .slice(1)
        .flatMap(({ path }) => inOtherLetters(document, path, NAMES, daemon)),
    ].find(({ path, name }) => (path.at(-1) === name.toUpperCase()) === capitals);
    if (found === undefined) return undefined;
    return {
      offset: document.offsetOf(found.path) ?? 0,
      expected: `\`${found.name}\` in small letters`,
      found: `\`${found.path.at(-1) ?? ""}\`, which containerd ${daemon.text} reads as the same`,
      fix: "write it in small letters, and only once",
    };
  };
}

function isBoolean(value: Tree): boolean {
  return typeof value === "boolean";
}

function isTexts(value: Tree): boolean {
  return typeof value === "string" || stringsOf(value) !== undefined;
}

function knowsDialTimeout(daemon: DaemonVersion): boolean {
  return isAtLeast(daemon, 2, 0, 8);
}

/** Whether Go's url.Parse accepts the text once it has a scheme. */
function isUrl(text: string): boolean {
  const url = text.startsWith("http") ? text : `https://${text}`;
  if (/[\u0000-\u0020\u007f<>"^`{}|\\]|%(?![0-9a-fA-F]{2})/.test(url)) return false;
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/.exec(url)?.[1];
  if (authority === undefined) return /^[^:]*$/.test(url);
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return /^(?:\[[0-9a-fA-F:.%]+\]|[^[\]:]*)(?::\d*)?$/.test(host) || /^HTTPS?:$/i.test(host);
}
