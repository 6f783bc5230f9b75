import { parseTree } from "jsonc-parser";

import type * as Certain from "../../patch/certain";
import type * as Asked from "../../patch/containerd/asked";
import type * as CertsD from "../../patch/containerd/certs-d";
import type * as ConfigFacts from "../../patch/containerd/config-facts";
import type * as Facts from "../../patch/containerd/fact";
import type * as Generated from "../../patch/containerd/generated";
import type * as GoToml from "../../patch/containerd/go-toml";
import type * as HostsFacts from "../../patch/containerd/hosts-facts";
import type * as Letters from "../../patch/containerd/letters";
import type * as PullMode from "../../patch/containerd/pull-mode";
import type * as Tls from "../../patch/containerd/tls";
import type * as ConfigVersion from "../../patch/containerd/version";
import type * as HostsToml from "../../patch/containerd/hosts-toml";
import type * as Diff from "../../patch/diff";
import type * as Flags from "../../patch/docker/flags";
import type * as Insecure from "../../patch/docker/insecure";
import type * as JsonSource from "../../patch/docker/json-source";
import type * as Patch from "../../patch";
import type * as ArrayEdits from "../../patch/toml/array";
import type * as Place from "../../patch/toml/place";
import type * as Places from "../../patch/toml/places";
import type * as TextEdits from "../../patch/text-edit";
import type * as Write from "../../patch/toml/write";
import { checkConfig } from "./generate/config-properties";
import { generateConfig } from "./generate/containerd-config";
import { generateDaemonJson } from "./generate/daemon-json";
import { checkDaemonJson } from "./generate/daemon-properties";
import { spoilt } from "./generate/spoilt";

/**
 * A deliberate bug in the patcher, which replaces one pure step. The properties must find each bug. The patcher's own
 * check finds most of them first, and refuses.
 */
interface Fault {
  name: string;
  /** Replaced steps: a module below patch/, and its new exports. */
  steps: Record<string, (actual: never) => object>;
  /** The generated files that find it. */
  by: "config.toml" | "daemon.json" | "spoilt";
  /** The property that breaks first. */
  caught: string;
}

const judgeOff = {
  certain: (actual: typeof Certain) => ({ ...actual, certain: (file: Patch.FilePlan) => file }),
};

const faults: Fault[] = [
  {
    name: "a new key always goes to the end of the file",
    steps: {
      "toml/place": (actual: typeof Place) => ({
        ...actual,
        placeKey: (...args: Parameters<typeof Place.placeKey>) => ({
          ...actual.placeKey(...args),
          offset: args[0].text.length,
        }),
      }),
    },
    by: "config.toml",
    caught: "refused as uncertain",
  },
  {
    name: "a new key always goes to the end of the file, and nobody judges the result",
    steps: {
      ...judgeOff,
      "toml/place": (actual: typeof Place) => ({
        ...actual,
        placeKey: (...args: Parameters<typeof Place.placeKey>) => ({
          ...actual.placeKey(...args),
          offset: args[0].text.length,
        }),
      }),
    },
    by: "config.toml",
    caught: "the difference is exactly what was asked|the result is TOML",
  },
  {
    name: "keys are never quoted",
    steps: {
      "toml/write": (actual: typeof Write) => ({
        ...actual,
        tomlKey: (part: string) => part,
        tomlPath: (path: readonly string[]) => path.join("."),
      }),
    },
    by: "config.toml",
    caught: "refused as uncertain",
  },
  {
    name: "offsets are counted in characters, not in bytes",
    steps: {
      "text-edit": (actual: typeof TextEdits) => ({
        ...actual,
        toByteEdits: (_: unknown, edits: TextEdits.TextEdit[]) => edits,
      }),
    },
    by: "config.toml",
    caught: "refused as uncertain|\\S+ expected a file that can be edited with certainty",
  },
  {
    name: "offsets in daemon.json are counted in characters, and nobody judges the result",
    steps: {
      ...judgeOff,
      "text-edit": (actual: typeof TextEdits) => ({
        ...actual,
        toByteEdits: (_: unknown, edits: TextEdits.TextEdit[]) => edits,
      }),
    },
    by: "daemon.json",
    caught: "the difference is exactly what was asked|the result is JSON|edit at byte",
  },
  {
    name: "a line that starts with [ is a header even within a string over several lines",
    steps: {
      "toml/places": (actual: typeof Places) => ({
        ...actual,
        findTables: (text: string) => findNaively(actual, text),
      }),
    },
    by: "config.toml",
    caught: "refused as uncertain",
  },
  {
    name: "the endpoints of others in a list are dropped",
    steps: {
      ...judgeOff,
      "toml/array": (actual: typeof ArrayEdits) => ({
        ...actual,
        arrangeArray: (...args: Parameters<typeof ArrayEdits.arrangeArray>) => {
          const [text, { valueStart: start }, values, wanted, quote, same] = args;
          const others = values.some((value) => !wanted.some((url) => same(url, value)));
          if (!others) return actual.arrangeArray(...args);
          const end = text.indexOf("]", start) + 1;
          const written = `[${wanted.map((url) => quote + url + quote).join(", ")}]`;
          return [{ offset: start, length: end - start, text: written }];
        },
      }),
    },
    by: "config.toml",
    caught: "the difference is exactly what was asked|the result is TOML",
  },
  {
    name: "missing endpoints go to the end of a list, whatever the order asked for",
    steps: {
      "toml/array": (actual: typeof ArrayEdits) => ({
        ...actual,
        arrangeArray: (...args: Parameters<typeof ArrayEdits.arrangeArray>) => {
          const [text, array, values, wanted, quote, same] = args;
          const isThere = (url: string) => values.some((value) => same(url, value));
          const ordered = [...wanted.filter(isThere), ...wanted.filter((url) => !isThere(url))];
          return actual.arrangeArray(text, array, values, ordered, quote, same);
        },
      }),
    },
    by: "config.toml",
    caught: "refused as uncertain",
  },
  {
    name: "new lines end with LF in a file with CRLF",
    steps: {
      "text-edit": (actual: typeof TextEdits) => ({
        ...actual,
        insertLines: (...args: Parameters<typeof TextEdits.insertLines>) => {
          const edit = actual.insertLines(...args);
          return { ...edit, text: edit.text.replaceAll("\r\n", "\n") };
        },
      }),
    },
    by: "config.toml",
    caught: "new lines end as the others",
  },
  {
    name: "every file is taken for version 2",
    steps: {
      "containerd/version": (actual: typeof ConfigVersion) => ({
        ...actual,
        criPlugin: () => "io.containerd.grpc.v1.cri",
      }),
    },
    by: "config.toml",
    caught: "the difference is exactly what was asked|refused without need|a broken state",
  },
  {
    name: "every containerd is taken for one that ignores a list of directories",
    steps: {
      "containerd/version": (actual: typeof ConfigVersion) => ({
        ...actual,
        isAtLeast: (...[version, major, minor, patch]: Parameters<typeof actual.isAtLeast>) =>
          (major === 2 && minor === 1) || actual.isAtLeast(version, major, minor, patch),
      }),
    },
    by: "config.toml",
    caught: "the difference is exactly what was asked",
  },
  {
    name: "hosts.toml has no server",
    steps: {
      "containerd/hosts-toml": (actual: typeof HostsToml) => ({
        ...actual,
        hostsToml: (...[file, daemon]: Parameters<typeof HostsToml.hostsToml>) =>
          actual.hostsToml({ ...file, server: undefined }, daemon),
      }),
    },
    by: "config.toml",
    caught: "hosts.toml leads to the registry",
  },
  {
    name: "containerd 1.x is taken for one that reads all of TOML",
    steps: {
      "containerd/go-toml": (actual: typeof GoToml) => ({
        ...actual,
        READERS: [...actual.GO_TOML_2, ...actual.GO_TOML],
      }),
    },
    by: "spoilt",
    caught: "a spoilt file was not refused",
  },
  {
    name: "nobody looks whether containerd starts with the values of config.toml",
    steps: {
      "containerd/config-facts": (actual: typeof ConfigFacts) => ({ ...actual, CONFIG: [] }),
    },
    by: "spoilt",
    caught: "a spoilt file was not refused",
  },
  {
    name: "keys are compared letter by letter on every containerd",
    steps: {
      "containerd/letters": (actual: typeof Letters) => ({ ...actual, inOtherLetters: () => [] }),
    },
    by: "spoilt",
    caught: "a spoilt file was not refused",
  },
  {
    name: "a hosts.toml with one wrong value is taken for its other values",
    steps: {
      "containerd/hosts-facts": (actual: typeof HostsFacts) => ({
        ...actual,
        HOSTS_THROWN_AWAY: [],
      }),
    },
    by: "spoilt",
    caught: "a spoilt file was not refused",
  },
  {
    name: "every host of a hosts.toml is taken for one with a header",
    steps: {
      "containerd/hosts-facts": (actual: typeof HostsFacts) => ({
        ...actual,
        hasHeader: () => true,
      }),
    },
    by: "spoilt",
    caught: "a spoilt file was not refused",
  },
  {
    name: "a fact of one containerd is taken for one of all",
    steps: {
      "containerd/fact": (actual: typeof Facts) => ({ ...actual, on1x: () => true }),
    },
    by: "spoilt",
    caught: "refused without need",
  },
  {
    name: "every containerd is taken for one that looks into all directories of a list",
    steps: {
      "containerd/pull-mode": (actual: typeof PullMode) => ({
        ...actual,
        honoursList: () => true,
      }),
    },
    by: "config.toml",
    caught: "the difference is exactly what was asked",
  },
  {
    name: "TLS tables are taken for settings like any other",
    steps: { "containerd/tls": (actual: typeof Tls) => ({ ...actual, tlsTables: () => [] }) },
    by: "config.toml",
    caught: "a broken state was not refused|the difference is exactly what was asked",
  },
  {
    name: "a folder of certificates without a hosts.toml is taken for one that nobody uses",
    steps: {
      "containerd/certs-d": (actual: typeof CertsD) => ({
        ...actual,
        usedBelow: (...[directory, { certsD }]: Parameters<typeof CertsD.usedBelow>) =>
          actual.usedBelow(directory, { certsD }),
      }),
    },
    by: "config.toml",
    caught: "a broken state was not refused|the difference is exactly what was asked",
  },
  {
    name: "whatever somebody else wrote into a hosts.toml is taken for what leads there",
    steps: {
      "containerd/asked": (actual: typeof Asked) => ({
        ...actual,
        whereElsewhere: () => undefined,
      }),
    },
    by: "config.toml",
    caught: "a broken state was not refused",
  },
  {
    name: "a file that a service writes anew is taken for one that stays",
    steps: {
      "containerd/generated": (actual: typeof Generated) => ({
        ...actual,
        refuseGenerated: () => undefined,
      }),
    },
    by: "spoilt",
    caught: "a spoilt file was not refused",
  },
  {
    name: "an entry with a scheme, or a CIDR, does not count as present",
    steps: {
      "docker/insecure": (actual: typeof Insecure) => ({
        ...actual,
        coversRegistry: (entry: string, registry: { text: string }) => entry === registry.text,
      }),
    },
    by: "daemon.json",
    caught: "the difference is exactly what was asked",
  },
  {
    name: "the letters of an entry are compared in any case",
    steps: {
      "docker/insecure": (actual: typeof Insecure) => ({
        ...actual,
        coversRegistry: (...[entry, registry]: Parameters<typeof Insecure.coversRegistry>) =>
          actual.coversRegistry(entry, registry) ||
          entry.toLowerCase() === registry.text.toLowerCase(),
      }),
    },
    by: "daemon.json",
    caught: "the difference is exactly what was asked",
  },
  {
    name: "entries with which dockerd does not start are taken for names",
    steps: {
      "docker/insecure": (actual: typeof Insecure) => ({ ...actual, entryFault: () => undefined }),
    },
    by: "daemon.json",
    caught: "a broken state was not refused",
  },
  {
    name: "a daemon.json may have comments and commas as a tsconfig.json",
    steps: {
      "docker/json-source": (actual: typeof JsonSource) => ({
        ...actual,
        parseJsonObject: (source: JsonSource.JsonObject["source"]) => {
          try {
            return actual.parseJsonObject(source);
          } catch (error) {
            const root = parseTree(source.text, [], { allowTrailingComma: true });
            if (!/\/[/*]|,\s*[\]}]/.test(source.text) || root?.type !== "object") throw error;
            return { source, root };
          }
        },
      }),
    },
    by: "daemon.json",
    // JSON.parse has two messages for this.
    caught: "[^]*(?:is not valid JSON|after JSON at position)",
  },
  {
    name: "a flag's value counts only behind an equals sign",
    steps: {
      "docker/flags": (actual: typeof Flags) => ({
        ...actual,
        readFlags: (lines: Parameters<typeof Flags.readFlags>[0]) =>
          actual.readFlags(lines.filter(({ text }) => !/--insecure-registry /.test(text))),
      }),
    },
    by: "daemon.json",
    caught: "the difference is exactly what was asked|a broken state was not refused",
  },
  {
    name: "a diff hides a line with a password to its end",
    steps: {
      diff: (actual: typeof Diff) => ({
        ...actual,
        fileDiff: (file: Patch.FilePlan) =>
          actual.fileDiff(file).replace(/((?:token|auth|password)[^:]*:).*/gi, "$1 ***"),
      }),
    },
    by: "daemon.json",
    caught: "the change is seen",
  },
];

/** Finds headers by lines alone, as a careless author would. */
function findNaively(actual: typeof Places, text: string): ReturnType<typeof Places.findTables> {
  const found = actual.findTables(text);
  if (!Array.isArray(found)) return found;
  const starts = found.map(({ start }) => start);
  const more = [...text.matchAll(/^([ \t]*)\[+([\w.]+)\]/gm)].flatMap((match): Places.Table[] => {
    const start = match.index + (match[1] ?? "").length;
    if (starts.includes(start)) return [];
    const lineEnd = actual.endOfLine(text, start);
    const path = (match[2] ?? "").split(".");
    const where = { lineStart: match.index, start, lineEnd, end: text.length };
    return [{ path, partEnds: path.map(() => start), array: false, keyValues: [], ...where }];
  });
  const all = [...found, ...more].sort((one, other) => one.lineStart - other.lineStart);
  all.forEach((table, index) => (table.end = all[index + 1]?.lineStart ?? text.length));
  return all;
}

/** The patcher with some of its steps replaced. */
function patcherWith(steps: Fault["steps"]): typeof Patch {
  let patcher: typeof Patch | undefined;
  jest.isolateModules(() => {
    for (const [module, replace] of Object.entries(steps)) {
      const path = `../../patch/${module}`;
      jest.doMock(path, () => replace(jest.requireActual<never>(path)));
    }
    patcher = jest.requireActual<typeof Patch>("../../patch");
    for (const module of Object.keys(steps)) jest.dontMock(`../../patch/${module}`);
  });
  if (patcher === undefined) throw new Error("the patcher was not loaded");
  return patcher;
}

/** The error for the first file that finds a bug; undefined if none of a thousand does. */
function firstComplaint(patcher: typeof Patch, by: Fault["by"]): string | undefined {
  for (let seed = 1; seed <= 1000; seed++) {
    try {
      if (by === "spoilt") spoilt(generateConfig(seed))?.check(patcher);
      else if (by === "config.toml") checkConfig(patcher, generateConfig(seed));
      else checkDaemonJson(patcher, generateDaemonJson(seed));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

describe("the property tests find a bug that is put into the patcher:", () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))("%s", (_, fault) => {
    const complaint = firstComplaint(patcherWith(fault.steps), fault.by);
    expect(complaint).toMatch(new RegExp(`^(?:${fault.caught})`));
  });

  it("and find nothing in the patcher without a bug", () => {
    const patcher = patcherWith({});
    expect(firstComplaint(patcher, "config.toml")).toBeUndefined();
    expect(firstComplaint(patcher, "daemon.json")).toBeUndefined();
  });
});
