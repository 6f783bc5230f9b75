import { gunzipSync, gzipSync } from "node:zlib";
import type { Activation, Edit } from "../patch/plan";

/**
 * The input of `helper apply` on stdin, which becomes the record of the apply: header lines, then the checksums and edits
 * of each file. It contains only lines of this program. People can read it, in a Pulumi diff and on the host:
 *
 *     cluster-registry 2
 *     enrolled 0f3a...
 *     daemon containerd
 *     revision 1
 *     why first apply
 *     spec {"registry":"172.30.1.2:5000"}
 *     order 1
 *     claimant test.dev.containerd-node01 1
 *     claimant test.other.containerd-n1 4
 *     claim 172.30.1.2:5000
 *     activate restart
 *     wait 60
 *     watchdog 180
 *     file /etc/containerd/config.toml
 *     base 5891...
 *     baseline 77d0...
 *     after 3b1f...
 *     edit 1204 0
 *     +        [plugins."io.containerd.grpc.v1.cri".registry.mirrors."172.30.1.2:5000"]
 *     +          endpoint = ["http://172.30.1.2:5000"]
 *     for test.other.containerd-n1
 *     after 77d0...
 *     end
 *
 * `base` is the live file in the plan, `baseline` the same text without any line of this program, and `after` the desired
 * text. The lines after `for` have the text for these claimants alone. All edits are for the baseline, and
 * `edit OFFSET LENGTH` counts its bytes. `+` begins one line of text; a line `\` after it means that the text has no
 * newline at its end. In a text, `\\` is a backslash, `\r` a carriage return, `\ooo` another control character. A long
 * text is one line `=` instead, with the text in gzip and base64.
 */
export interface Payload {
  enrolled: string;
  daemon: Daemon;
  /** The number of the apply, so that the same edits never give the same payload twice. */
  revision: number;
  why: string;
  /** Canonical JSON of the claimant's settings. */
  spec: string;
  /**
   * The place among the claimants of the daemon's files. In a list with settings of several claimants, the first one's
   * come first.
   */
  order: number;
  /** All claimants of these files after this apply, in their order, each with the revision of its last apply. */
  claimants: { id: string; revision: number }[];
  /** Records of this stack that this one replaces: the host had another node's name then. */
  instead: string[];
  /**
   * Names of this claimant in the files, such as `172.30.1.2:5000`. If they are missing, a person has removed our
   * lines.
   */
  claims: string[];
  activate: Activation;
  /** docker: names that the daemon must treat as insecure after the apply. */
  insecure: string[];
  /** docker: mirrors of Docker Hub that the daemon must have after the apply. */
  mirrors: string[];
  /** The registry must answer here, from the node, before and after the apply. */
  reach?: { address: string; port: number };
  waitSeconds: number;
  watchdogSeconds: number;
  files: PayloadFile[];
}

/**
 * Whose files they are: those of a daemon, of the page's server, whose container this program replaces itself, or of the
 * registry's timer, which the host enables and starts as long as they are there.
 */
export type Daemon = "containerd" | "docker" | "page" | "timer";

/** One text of a file, as edits of its baseline. */
export interface PayloadText {
  /** sha256 of the bytes after the edits; undefined if the file must not exist. */
  after: string | undefined;
  edits: Edit[];
}

export interface PayloadFile extends PayloadText {
  path: string;
  /** sha256 of the live bytes in the plan; undefined if the file does not exist. */
  base: string | undefined;
  /** sha256 of the text without any line of this program; undefined if the file would not exist. */
  baseline: string | undefined;
  /** The mode of a file that this program created, which only this program changes. */
  mode?: number;
  /** The texts for subsets of the claimants. */
  others: (PayloadText & { for: string[] })[];
}

const FORMAT = "cluster-registry 2";
/** The header of payloads from before files had claimants. Their other headers are the same. */
const FORMER = "cluster-registry 1";

/** Whether this is a record of a version that kept one undo for each record. */
export function isFormer(text: string): boolean {
  return text.startsWith(`${FORMER}\n`);
}

/** The payload as text. @throws Error if a value cannot be on one line */
export function buildPayload(payload: Payload): string {
  const lines = [
    FORMAT,
    `enrolled ${payload.enrolled}`,
    `daemon ${payload.daemon}`,
    `revision ${payload.revision}`,
    `why ${payload.why}`,
    `spec ${payload.spec}`,
    `order ${payload.order}`,
    ...payload.claimants.map(({ id, revision }) => `claimant ${id} ${revision}`),
    ...payload.instead.map((id) => `instead ${id}`),
    ...payload.claims.map((claim) => `claim ${claim}`),
    `activate ${payload.activate}`,
    ...payload.insecure.map((name) => `insecure ${name}`),
    ...payload.mirrors.map((url) => `mirror ${url}`),
    ...(payload.reach ? [`reach ${payload.reach.address} ${payload.reach.port}`] : []),
    `wait ${payload.waitSeconds}`,
    `watchdog ${payload.watchdogSeconds}`,
    ...payload.files.flatMap(fileLines),
    "end",
  ];
  const broken = lines.find((line) => hasControlCharacter(line.replaceAll("\t", " ")));
  if (broken !== undefined) {
    throw new Error(`control character in a payload line: ${JSON.stringify(broken)}`);
  }
  return lines.join("\n") + "\n";
}

/** Parses the text that `buildPayload` writes. @throws Error that names the first invalid line */
export function parsePayload(text: string): Payload {
  const lines = text.split("\n");
  if (lines[0] !== FORMAT && lines[0] !== FORMER)
    throw new Error(`expected "${FORMAT}" on line 1; found "${lines[0]}"`);
  const payload: Payload = {
    enrolled: "",
    daemon: "containerd",
    revision: 0,
    why: "",
    spec: "",
    order: 0,
    claimants: [],
    instead: [],
    claims: [],
    activate: "none",
    insecure: [],
    mirrors: [],
    waitSeconds: 0,
    watchdogSeconds: 0,
    files: [],
  };
  let ended = false;
  for (const [index, line] of lines.slice(1).entries()) {
    if (ended && line === "") continue;
    if (ended || !readLine(payload, line)) {
      throw new Error(`line ${index + 2} of the payload is not understood: "${line}"`);
    }
    ended = line === "end";
  }
  if (!ended) throw new Error("the payload has no end line: it is cut off");
  return payload;
}

/** JSON with the keys of every object sorted: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    one !== null && typeof one === "object" && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

function fileLines(file: PayloadFile): string[] {
  return [
    `file ${file.path}`,
    `base ${file.base ?? "absent"}`,
    `baseline ${file.baseline ?? "absent"}`,
    ...(file.mode === undefined ? [] : [`mode ${octal(file.mode)}`]),
    ...versionLines(file),
    ...file.others.flatMap((other) => [`for ${other.for.join(" ")}`, ...versionLines(other)]),
  ];
}

function versionLines({ after, edits }: PayloadText): string[] {
  return [
    `after ${after ?? "absent"}`,
    ...edits.flatMap((edit) => [`edit ${edit.offset} ${edit.length}`, ...textLines(edit)]),
  ];
}

/** A page of 100 kB is in the state, in the record and in every observation: from this size on, texts are packed. */
const LONG = 8192;

function textLines({ text }: Edit): string[] {
  if (text === "") return [];
  if (text.length >= LONG && text.endsWith("\n"))
    return [`=${gzipSync(text, { level: 9 }).toString("base64")}`];
  const lines = text.split("\n");
  const closed = lines[lines.length - 1] === "";
  if (closed) lines.pop();
  return [...lines.map((line) => `+${escaped(line)}`), ...(closed ? [] : ["\\"])];
}

function readLine(payload: Payload, line: string): boolean {
  const [word, rest] = split(line);
  const file = payload.files[payload.files.length - 1];
  const edit = (file?.others.at(-1) ?? file)?.edits.at(-1);
  if (line.startsWith("+") && edit !== undefined) {
    edit.text += `${unescaped(line.slice(1))}\n`;
    return true;
  }
  if (line.startsWith("=") && edit?.text === "") {
    edit.text = gunzipSync(Buffer.from(line.slice(1), "base64")).toString("utf8");
    return true;
  }
  if (line === "\\" && edit?.text.endsWith("\n") === true) {
    edit.text = edit.text.slice(0, -1);
    return true;
  }
  return file === undefined || word === "file" || word === "end"
    ? readHeader(payload, word, rest)
    : readFileLine(file, word, rest);
}

function readHeader(payload: Payload, word: string, rest: string): boolean {
  switch (word) {
    case "enrolled":
      payload.enrolled = rest;
      return true;
    case "daemon":
      payload.daemon = rest as Daemon;
      return ["containerd", "docker", "page", "timer"].includes(rest);
    case "revision":
      payload.revision = Number(rest);
      return isCount(rest);
    case "why":
      payload.why = rest;
      return true;
    case "spec":
      payload.spec = rest;
      return true;
    case "order":
      payload.order = Number(rest);
      return isCount(rest);
    case "claimant": {
      const [id, revision] = split(rest);
      payload.claimants.push({ id, revision: Number(revision) });
      return isCount(revision);
    }
    case "instead":
      payload.instead.push(rest);
      return true;
    case "claim":
      payload.claims.push(rest);
      return true;
    case "activate":
      payload.activate = rest as Activation;
      return rest === "none" || rest === "reload" || rest === "restart";
    case "insecure":
      payload.insecure.push(rest);
      return true;
    case "mirror":
      payload.mirrors.push(rest);
      return true;
    case "reach": {
      const [address, port] = split(rest);
      payload.reach = { address, port: Number(port) };
      return isCount(port);
    }
    case "wait":
      payload.waitSeconds = Number(rest);
      return isCount(rest);
    case "watchdog":
      payload.watchdogSeconds = Number(rest);
      return isCount(rest);
    case "file":
      payload.files.push({
        path: rest,
        base: undefined,
        baseline: undefined,
        after: undefined,
        edits: [],
        others: [],
      });
      return rest.startsWith("/");
    case "end":
      return rest === "";
    default:
      return false;
  }
}

function readFileLine(file: PayloadFile, word: string, rest: string): boolean {
  const part = file.others.at(-1) ?? file;
  switch (word) {
    case "base":
    case "baseline":
      file[word] = rest === "absent" ? undefined : rest;
      return true;
    case "for":
      file.others.push({ for: rest.split(" "), after: undefined, edits: [] });
      return true;
    case "after":
      part.after = rest === "absent" ? undefined : rest;
      return true;
    case "mode":
      file.mode = parseInt(rest, 8);
      return /^[0-7]{4}$/.test(rest);
    case "edit": {
      const [offset, length] = split(rest);
      part.edits.push({ offset: Number(offset), length: Number(length), text: "" });
      return isCount(offset) && isCount(length);
    }
    default:
      return false;
  }
}

/** The first word, and the rest of the line. */
function split(line: string): [string, string] {
  const space = line.indexOf(" ");
  return space < 0 ? [line, ""] : [line.slice(0, space), line.slice(space + 1)];
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text);
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}

function hasControlCharacter(text: string): boolean {
  return /[\x00-\x1f\x7f]/.test(text);
}

function escaped(line: string): string {
  return line.replace(/[\\\x00-\x08\x0a-\x1f\x7f]/g, (character) => {
    if (character === "\\") return "\\\\";
    if (character === "\r") return "\\r";
    if (character === "\0") throw new Error("a configuration line cannot hold a NUL character");
    return `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`;
  });
}

function unescaped(line: string): string {
  return line.replace(/\\(\\|r|[0-7]{3})/g, (_all, what: string) => {
    if (what === "\\") return "\\";
    return what === "r" ? "\r" : String.fromCharCode(parseInt(what, 8));
  });
}
