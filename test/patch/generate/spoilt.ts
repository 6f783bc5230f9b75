import type * as patch from "../../../patch";
import { type Case } from "./containerd-config";
import { type Patcher } from "./dump-after";
import { usesHosts } from "./expected";
import { Random } from "./random";

/** One line put into a file that somebody has, with which some versions do not read it as its author means. */
interface Spoiler {
  name: string;
  file: "config.toml" | "hosts.toml";
  /** In front of all keys, or in a table of its own behind them (in hosts.toml: in the last host's). */
  at: "top" | "end" | "headers";
  line: string;
  /** Is it one that matters: for this version, in a file like this? */
  matters: (version: string, text: string) => boolean;
  /** What a file has that cannot be spoilt so. */
  not?: RegExp;
}

const is1x = (version: string): boolean => version.startsWith("1.");
const is2x = (version: string): boolean => version.startsWith("2.");
const always = (): boolean => true;
const isVersion2 = (text: string): boolean => /^\uFEFF?\s*['"]?version['"]? *= *[2-9]/m.test(text);
const NO_VERSION = /^(?![^]*version)/;

const in1x = (name: string, line: string): Spoiler => {
  return { name, file: "config.toml", at: "end", line, matters: is1x };
};
const thrown = (line: string, matters: Spoiler["matters"] = always): Spoiler => {
  return { name: `hosts.toml: ${line}`, file: "hosts.toml", at: "end", line, matters };
};

const SPOILERS: readonly Spoiler[] = [
  in1x("a local date", "d = 1979-05-27"),
  in1x("a small t", "d = 1979-05-27t07:32:00Z"),
  in1x("a zero with an exponent", "d = 0e0"),
  in1x("a quote before the closing three", 'd = """a""""'),
  in1x("a blank behind a dot", "d. e = 1"),
  in1x("a quote in a quoted key", '"d\\"e" = 1'),
  { ...in1x("a large integer", "d = 99999999999999999999"), matters: always },
  {
    ...in1x("a value of another type", 'oom_score = "0"'),
    ...{ at: "top", matters: always, not: /oom_score/ },
  },
  {
    ...in1x("a string as imports", 'imports = "x"'),
    ...{ at: "top", matters: always, not: /imports/ },
  },
  {
    ...in1x("a short plugin name in a list", 'required_plugins = ["restart"]'),
    ...{ at: "top", matters: (_: string, text: string) => isVersion2(text), not: NO_VERSION },
  },
  {
    ...in1x("a key in other letters", "Required_Plugins = []"),
    ...{ at: "top", matters: is2x, not: NO_VERSION },
  },
  {
    ...in1x("a key in capitals", "REQUIRED_PLUGINS = []"),
    ...{ at: "top", matters: always, not: NO_VERSION },
  },
  thrown('capabilities = "pull"'),
  thrown('capabilities = ["pull", "delete"]'),
  thrown('capabilities = ["referrers"]', (version) => !/^2\.[23]/.test(version)),
  thrown('skip_verify = "true"'),
  thrown("header = { x = 5 }"),
  thrown("ca = 5"),
  thrown("dial_timeout = 3", (version) => /^2\.(?:0\.(?:[89]|1\d)|[1-9])/.test(version)),
  thrown("Override_path = true", is2x),
  { ...thrown("server = 5"), at: "top" },
  {
    ...{ name: "hosts without headers", file: "hosts.toml", at: "headers" },
    ...{ line: "", matters: is2x },
  },
];

export const SPOILT = SPOILERS.map(({ name }) => name);

/** A generated file with one line more; undefined: there is no place for it. */
export function spoilt(
  generated: Case,
): { name: string; check: (patcher: Patcher) => void } | undefined {
  const { input, features, text, seed } = generated;
  const isThere = features.has("a foreign hosts.toml that leads there") && usesHosts(generated);
  const random = new Random(seed);
  const file = isThere && random.chance(0.7) ? "hosts.toml" : "config.toml";
  const spoiler = random.pick(SPOILERS.filter((one) => one.file === file));
  if (features.has("a table twice") || features.has("a file of no keys")) return undefined;
  const [path = "", before = ""] =
    file === "config.toml"
      ? [input.configPath, text]
      : ([...input.certsD]
          .map(([name, bytes]) => [name, bytes.toString()] as const)
          .find(([, content]) => content.startsWith("# by hand")) ?? []);
  if (spoiler.not?.test(before)) return undefined;
  const { after, line } = withLine(before, spoiler);
  const changed: patch.ContainerdInput =
    file === "config.toml"
      ? { ...input, bytes: Buffer.from(after) }
      : { ...input, certsD: new Map(input.certsD).set(path, Buffer.from(after)) };
  const matters = spoiler.matters(input.daemonVersion, before);
  const check = (patcher: Patcher): void => {
    const base = outcome(patcher, input);
    const found = outcome(patcher, changed);
    const complain = (property: string): never => {
      throw new Error(
        `${property} (file ${seed}, ${spoiler.name}, ${input.daemonVersion})\n${after}`,
      );
    };
    if (matters && found === undefined) complain("a spoilt file was not refused");
    if (matters && base === undefined) {
      const named = found?.problems.some((one) => one.file === path && one.line === line);
      if (named !== true) complain("the refusal names the line");
    }
    if (!matters && base === undefined && found !== undefined) complain("refused without need");
  };
  return { name: spoiler.name, check };
}

function withLine(before: string, { at, line }: Spoiler): { after: string; line: number } {
  const ending = before.includes("\r\n") ? "\r\n" : "\n";
  const start = before.startsWith("\uFEFF") ? 1 : 0;
  if (at === "top") {
    return { after: before.slice(0, start) + line + ending + before.slice(start), line: 1 };
  }
  if (at === "headers") {
    const after = before.replace(/^\[host\.('[^']*')\]\n +/gm, "host.$1.");
    return { after, line: 2 };
  }
  const open = before === "" || before.endsWith("\n") ? before : before + ending;
  const whole = open + (before.startsWith("# by hand") ? "" : `[spoilt]${ending}`) + line + ending;
  return { after: whole, line: whole.split("\n").length - 1 };
}

function outcome(patcher: Patcher, input: patch.ContainerdInput): patch.Refusal | undefined {
  try {
    patcher.planContainerd(input);
    return undefined;
  } catch (error) {
    if (error instanceof patcher.Refusal) return error;
    throw error;
  }
}
