import { dirname, join } from "node:path";

/** One line of an OpenSSH client configuration. */
export interface ConfigLine {
  /** The keyword in lower case. */
  keyword: string;
  /** The keyword as written. */
  name: string;
  /** The arguments without quotes. For a command, the rest of the line is one argument. */
  words: string[];
  /** `/home/me/.ssh/config line 3` */
  where: string;
  /** The lines of the files of an Include. */
  included?: ConfigLine[];
}

/** The files that a configuration may include. */
export interface ConfigFiles {
  /** A file's text; undefined if the file does not exist. Throws any other error of reading it. */
  read(path: string): string | undefined;
  /** The names in a folder; empty if the folder does not exist. */
  list(folder: string): string[];
}

/** A top-level configuration file of OpenSSH, and the folder of its relative Includes. */
export interface ConfigSource {
  path: string;
  includesFrom: string;
}

/** The files that ssh reads without `-F`: the user's own file, then the machine's. */
export function defaultSources(home: string): ConfigSource[] {
  const own = join(home, ".ssh");
  return [
    { path: join(own, "config"), includesFrom: own },
    { path: "/etc/ssh/ssh_config", includesFrom: "/etc/ssh" },
  ];
}

/** The file that ssh reads with `-F path`: only that one. */
export function namedSource(path: string, home: string): ConfigSource[] {
  return [{ path, includesFrom: join(home, ".ssh") }];
}

/**
 * Reads configuration files and all of their Includes. A missing file counts as empty.
 * @throws Error that names file and line
 */
export function readConfig(
  sources: readonly ConfigSource[],
  home: string,
  files: ConfigFiles,
): ConfigLine[] {
  return sources.flatMap(({ path, includesFrom }) => {
    const included = new Reader(home, includesFrom, files).file(path, 0);
    // Each file, also an included one, starts outside of any Host section.
    return [{ keyword: "include", name: "Include", words: [path], where: path, included }];
  });
}

/** OpenSSH's limit for the depth of Includes. */
const DEEPEST = 16;

class Reader {
  constructor(
    private readonly home: string,
    private readonly folder: string,
    private readonly files: ConfigFiles,
  ) {}

  file(path: string, depth: number): ConfigLine[] {
    if (depth > DEEPEST) throw new Error(`${path}: Include is a loop`);
    const text = this.files.read(path);
    if (text === undefined) return [];
    return text.split(/\r?\n/).flatMap((raw, index) => {
      const line = parseLine(raw, `${path} line ${index + 1}`);
      if (line?.keyword !== "include") return line === undefined ? [] : [line];
      return [{ ...line, included: line.words.flatMap((word) => this.include(word, line, depth)) }];
    });
  }

  private include(pattern: string, { where }: ConfigLine, depth: number): ConfigLine[] {
    if (/^~[^/]|[%$]/.test(pattern))
      throw new Error(`${where}: Include ${pattern}: expected a path without ~USER, % and $`);
    const path = pattern.startsWith("~")
      ? this.home + pattern.slice(1)
      : pattern.startsWith("/")
        ? pattern
        : join(this.folder, pattern);
    return this.matching(path).flatMap((each) => this.file(each, depth + 1));
  }

  /** The paths that match a shell pattern, in glob(3)'s order. A path without wildcards matches itself. */
  private matching(pattern: string): string[] {
    if (!/[*?[]/.test(pattern)) return [pattern];
    const folders = this.matching(dirname(pattern));
    const name = pattern.slice(dirname(pattern).length).replace(/^\//, "");
    if (!/[*?[]/.test(name)) return folders.map((folder) => join(folder, name));
    const expression = globExpression(name);
    return folders.flatMap((folder) =>
      this.files
        .list(folder)
        .filter((each) => expression.test(each) && (name.startsWith(".") || !each.startsWith(".")))
        .sort()
        .map((each) => join(folder, each)),
    );
  }
}

function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[.+^${}()|[\]\\*?]/g, (part) => {
    if (part === "*") return ".*";
    if (part === "?") return ".";
    return part.length > 1 ? part.replace(/^\[!/, "[^").replace(/\\/g, "\\\\") : `\\${part}`;
  });
  return new RegExp(`^${source}$`, "s");
}

/** Keywords whose argument is the rest of the line, including quotes. */
const WHOLE_LINE = new Set(["proxycommand", "localcommand", "remotecommand", "knownhostscommand"]);

/** Undefined for a comment or an empty line. @throws Error */
export function parseLine(raw: string, where: string): ConfigLine | undefined {
  const [, quoted, plain, rest = ""] =
    /^\s*(?:"([^"]*)"|([^\s="]+))?(?:\s*=\s*|\s*)(.*?)\s*$/s.exec(raw) ?? [];
  const name = quoted ?? plain;
  if (name === undefined || name === "" || name.startsWith("#")) {
    if (rest === "" || name?.startsWith("#") === true) return undefined;
    throw new Error(`${where}: expected a keyword, found ${rest}`);
  }
  const keyword = name.toLowerCase();
  const words = WHOLE_LINE.has(keyword) ? (rest === "" ? [] : [rest]) : splitWords(rest, where);
  if (words.length === 0) throw new Error(`${where}: ${name}: expected a value, found none`);
  return { keyword, name, words, where };
}

/** Splits words as OpenSSH does: with both kinds of quotes and a few escapes. A comment ends the line. */
export function splitWords(text: string, where: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let index = 0; index < text.length; index++) {
    const char = text.charAt(index);
    const next = text.charAt(index + 1);
    if (char === "\\" && (`'"\\`.includes(next) || (quote === undefined && next === " "))) {
      // A single backslash at the end is a character of the word.
      word = (word ?? "") + (next === "" ? char : next);
      index++;
    } else if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) break;
    else word = (word ?? "") + char;
  }
  if (quote !== undefined) throw new Error(`${where}: a quote is not closed: ${text}`);
  return word === undefined ? words : [...words, word];
}
