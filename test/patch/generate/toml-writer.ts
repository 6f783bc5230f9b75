import { type Random } from "./random";

/** The values of a generated document: tables as plain objects, anything else as a value. */
export type Model = { [key: string]: ModelValue };
export type ModelValue = string | number | boolean | string[] | Raw | Model | Model[];

/** A value in an exact spelling (dates, odd numbers, strings over several lines). */
export class Raw {
  constructor(
    readonly text: string,
    readonly oneLine: boolean,
  ) {}
}

/** The spellings that a written document can have, for the statistics. */
export const SPELLINGS = [
  'keys in "',
  "keys in '",
  "dotted keys",
  "inline tables",
  "arrays over several lines",
  "strings over several lines",
  "tables in any order",
  "a table before its parent",
  "implicit parents",
  "comments behind values",
  "comment lines",
  "comments within arrays",
  "commas behind the last element",
  "blank lines",
  "trailing blanks",
  "indented by blanks",
  "indented by tabs",
  "not indented",
  "unusual indentation",
  "blanks within headers",
  "no blanks around =",
  "arrays of tables",
  "CRLF",
  "no last newline",
  "non-ASCII text",
  "brackets and # in strings",
  "escapes in keys",
  "escapes in headers",
  "brackets in headers",
] as const;

interface Block {
  header: string | undefined;
  depth: number;
  path: string[];
  lines: string[];
}

/**
 * Writes a model as TOML in a random spelling: each table as a header, with dotted keys or inline, in any order, with
 * comments, blanks and quotes as people mix them.
 */
export class TomlWriter {
  readonly features = new Set<string>();
  private readonly unit: string;
  private readonly unusual: boolean;
  private readonly newline: string;
  private readonly tight: boolean;
  private readonly dottedShare: number;
  private readonly inlineShare: number;

  constructor(private readonly random: Random) {
    this.unit = random.pick(["", "  ", "  ", "    ", "\t"]);
    this.unusual = random.chance(0.1);
    this.newline = random.chance(0.15) ? "\r\n" : "\n";
    this.tight = random.chance(0.15);
    // Most files have one dominant spelling, and some mix them.
    this.dottedShare = random.pick([0, 0, 0.15, 0.5]);
    this.inlineShare = random.pick([0, 0, 0.1, 0.4]);
    if (this.newline === "\r\n") this.note("CRLF");
    if (this.tight) this.note("no blanks around =");
    if (this.unusual) this.note("unusual indentation");
    else if (this.unit === "") this.note("not indented");
    else this.note(this.unit === "\t" ? "indented by tabs" : "indented by blanks");
  }

  write(model: Model): string {
    const blocks: Block[] = [];
    const lines = this.body(model, [], blocks);
    const ordered = this.order(blocks);
    const all = [...lines.map((line) => this.decorated(line, 0))].flat();
    for (const block of ordered) {
      if (block.header !== undefined) {
        all.push(...this.decorated(block.header, block.depth - 1));
      }
      for (const line of block.lines) all.push(...this.decorated(line, block.depth));
    }
    const open = all.length > 0 && this.random.chance(0.1);
    if (open) this.note("no last newline");
    const text = all.join("\n") + (open || all.length === 0 ? "" : "\n");
    return text.replaceAll("\n", this.newline);
  }

  private note(feature: (typeof SPELLINGS)[number]): void {
    this.features.add(feature);
  }

  private order(blocks: Block[]): Block[] {
    if (!this.random.chance(0.35)) return blocks;
    this.note("tables in any order");
    const shuffled = this.random.shuffled(blocks);
    const isParent = (block: Block, other: Block): boolean =>
      block.path.length < other.path.length &&
      block.path.every((part, index) => part === other.path[index]);
    const early = shuffled.some((block, at) =>
      shuffled.slice(at + 1).some((later) => isParent(later, block)),
    );
    if (early) this.note("a table before its parent");
    return shuffled;
  }

  /** The lines of a table's own keys. Tables with their own headers go to `blocks`. */
  private body(model: Model, path: string[], blocks: Block[]): string[] {
    const lines: string[] = [];
    const later: (() => void)[] = [];
    for (const [key, value] of Object.entries(model)) {
      if (isTableArray(value)) {
        later.push(() => this.tableArray(value, [...path, key], blocks));
      } else if (!isModel(value)) {
        lines.push(`${this.key(key)}${this.equals()}${this.value(value, true)}`);
      } else if (this.random.chance(this.inlineShare)) {
        this.note("inline tables");
        lines.push(`${this.key(key)}${this.equals()}${this.inline(value)}`);
      } else if (isDottable(value) && this.random.chance(this.dottedShare)) {
        this.note("dotted keys");
        lines.push(...this.dotted(this.key(key), value));
      } else {
        later.push(() => this.table(value, [...path, key], blocks));
      }
    }
    for (const write of later) write();
    return this.random.chance(0.2) ? this.random.shuffled(lines) : lines;
  }

  private table(model: Model, path: string[], blocks: Block[]): void {
    const block: Block = { header: undefined, depth: path.length, path, lines: [] };
    const at = blocks.push(block) - 1;
    block.lines = this.body(model, path, blocks);
    const children = blocks.length > at + 1;
    if (block.lines.length === 0 && children && this.random.chance(0.5)) {
      this.note("implicit parents");
      blocks.splice(at, 1);
    } else {
      block.header = `[${this.headerPath(path)}]`;
    }
  }

  private tableArray(models: Model[], path: string[], blocks: Block[]): void {
    this.note("arrays of tables");
    // Their order has a meaning, so they stay together as one block.
    const lines: string[] = [];
    models.forEach((model, index) => {
      const body = Object.entries(model).map(
        ([key, value]) => `${this.key(key)}${this.equals()}${this.value(value as string, true)}`,
      );
      if (index > 0) lines.push(`[[${this.headerPath(path)}]]`);
      lines.push(...body);
    });
    blocks.push({ header: `[[${this.headerPath(path)}]]`, depth: path.length, path, lines });
  }

  private headerPath(path: readonly string[]): string {
    const spaced = this.random.chance(0.05);
    if (spaced) this.note("blanks within headers");
    const joined = path.map((part) => this.key(part)).join(spaced ? " . " : ".");
    if (joined.includes("\\")) this.note("escapes in headers");
    if (/[[\]]/.test(joined)) this.note("brackets in headers");
    return spaced ? ` ${joined} ` : joined;
  }

  private dotted(prefix: string, model: Model): string[] {
    return Object.entries(model).flatMap(([key, value]) => {
      const name = `${prefix}.${this.key(key)}`;
      if (!isModel(value)) return [`${name}${this.equals()}${this.value(value, true)}`];
      if (isDottable(value) && this.random.chance(0.7)) return this.dotted(name, value);
      this.note("inline tables");
      return [`${name}${this.equals()}${this.inline(value)}`];
    });
  }

  private inline(model: Model): string {
    const entries = Object.entries(model).map(([key, value]) => {
      const name = this.key(key);
      if (!isModel(value)) return `${name}${this.equals()}${this.value(value, false)}`;
      if (isDottable(value) && this.random.chance(0.2)) {
        const [[inner, leaf]] = Object.entries(value) as [[string, ModelValue]];
        if (Object.keys(value).length === 1 && !isModel(leaf)) {
          return `${name}.${this.key(inner)}${this.equals()}${this.value(leaf, false)}`;
        }
      }
      return `${name}${this.equals()}${this.inline(value)}`;
    });
    if (entries.length === 0) return this.random.pick(["{}", "{ }"]);
    return this.random.chance(0.8) ? `{ ${entries.join(", ")} }` : `{${entries.join(",")}}`;
  }

  private key(part: string): string {
    const bare = /^[A-Za-z0-9_-]+$/.test(part);
    if (bare && this.random.chance(0.9)) return part;
    if (this.random.chance(0.02)) {
      this.note("escapes in keys");
      const code = part.charCodeAt(0).toString(16).padStart(4, "0");
      return `"\\u${code}${part.slice(1)}"`;
    }
    const quote = this.random.pick(['"', "'"]);
    this.note(quote === '"' ? 'keys in "' : "keys in '");
    return quote + part + quote;
  }

  private equals(): string {
    if (this.tight) return "=";
    return this.random.chance(0.03) ? "  =  " : " = ";
  }

  private value(value: Exclude<ModelValue, Model>, mayBreak: boolean): string {
    if (value instanceof Raw) {
      if (!value.oneLine && !mayBreak) return '"one line"';
      if (!value.oneLine) this.note("strings over several lines");
      return value.text;
    }
    if (isTableArray(value)) return `[${value.map((table) => this.inline(table)).join(", ")}]`;
    if (Array.isArray(value)) return this.array(value, mayBreak);
    if (typeof value === "string") {
      if (/[[\]#]/.test(value)) this.note("brackets and # in strings");
      if (/[^\x20-\x7e]/.test(value)) this.note("non-ASCII text");
      const literal = !value.includes("'") && this.random.chance(0.4);
      return literal ? `'${value}'` : JSON.stringify(value);
    }
    return String(value);
  }

  private array(values: readonly string[], mayBreak: boolean): string {
    const written = values.map((value) => this.value(value, false));
    const comma = values.length > 0 && this.random.chance(0.1);
    if (comma) this.note("commas behind the last element");
    if (!mayBreak || !this.random.chance(0.25)) {
      const gap = this.random.chance(0.1) ? " " : "";
      return `[${gap}${written.join(", ")}${comma ? "," : ""}${gap}]`;
    }
    this.note("arrays over several lines");
    if (this.random.chance(0.2)) return `[${written.join(",\n   ")}${comma ? "," : ""}]`;
    const lines = written.map((value, index) => {
      const separator = comma || index < written.length - 1 ? "," : "";
      if (!this.random.chance(0.2)) return `    ${value}${separator}`;
      this.note("comments within arrays");
      return `    ${value}${separator} # ], "not" an end`;
    });
    return ["[", ...lines, "  ]"].join("\n");
  }

  /** A line with its indentation, comments and blank lines. */
  private decorated(line: string, depth: number): string[] {
    const indent = this.unusual
      ? " ".repeat(this.random.below(7))
      : this.unit.repeat(Math.max(0, depth));
    const around: string[] = [];
    if (this.random.chance(0.04)) {
      this.note("blank lines");
      around.push("");
    }
    if (this.random.chance(0.03)) {
      this.note("comment lines");
      around.push(`${indent}# [not.a.table] key = "value" naïve`);
    }
    let text = indent + line;
    if (this.random.chance(0.04)) {
      this.note("comments behind values");
      text += " # why = [so]";
    }
    // Not within a string over several lines, because blanks are text there.
    if (this.random.chance(0.04) && !/"""|'''/.test(line)) {
      this.note("trailing blanks");
      text += this.random.pick([" ", "\t", "  "]);
    }
    return [...around, text];
  }
}

export function isModel(value: ModelValue): value is Model {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Raw);
}

function isTableArray(value: ModelValue): value is Model[] {
  return Array.isArray(value) && typeof value[0] === "object";
}

/** Whether dotted keys can write the table: every table in it, at any depth, must have contents. */
function isDottable(model: Model): boolean {
  const values = Object.values(model);
  return values.length > 0 && values.every((value) => !(value instanceof Raw) || value.oneLine);
}
