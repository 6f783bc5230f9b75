import { parse, TomlError } from "smol-toml";

import type { Source } from "../source";
import {
  along,
  type Deviation,
  type Element,
  elementsOf,
  findTables,
  type KeyValue,
  sharedLength,
  type Table,
} from "./places";
import { isTable, type Tree, type TreeTable, valueAt } from "./value";

/** A TOML file: its text, its values (from smol-toml), and the places of its parts (from toml-eslint-parser). */
export class TomlDocument {
  private found: Table[] | Deviation | undefined;
  private quoteStyle: '"' | "'" | undefined;

  private constructor(
    readonly source: Source,
    /** The document's values. */
    readonly tree: TreeTable,
  ) {}

  /** @throws Refusal for text that is not TOML 1.0, with the place and a frame */
  static parse(source: Source): TomlDocument {
    const document = TomlDocument.parseEdited(source);
    const deviation = document.places();
    if (Array.isArray(deviation)) return document;
    throw source.refuse(deviation.offset, {
      expected: "TOML 1.0, which is what containerd reads",
      found: deviation.found,
      fix: "write it in TOML 1.0",
    });
  }

  /** Like `parse`, for a text that was TOML 1.0 before our own edits. */
  static parseEdited(source: Source): TomlDocument {
    let tree: Tree;
    try {
      tree = parseToml(source.text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      throw source.refuse(offsetOf(source.text, error.line, error.column), {
        expected: "valid TOML",
        found: (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, ""),
        fix: "mend the file by hand; the daemon cannot read it either",
      });
    }
    return new TomlDocument(source, tree);
  }

  get text(): string {
    return this.source.text;
  }

  /** The tables in file order, beginning with the document itself. */
  get tables(): readonly Table[] {
    const places = this.places();
    if (!Array.isArray(places)) throw new RangeError(`${this.source.path}: ${places.found}`);
    return places;
  }

  private places(): Table[] | Deviation {
    return (this.found ??= findTables(this.source.text));
  }

  /** The value at a path. */
  get(path: readonly string[]): Tree | undefined {
    return valueAt(this.tree, path);
  }

  /** The table at a path; undefined if there is none, or if the value is not a table. */
  getTable(path: readonly string[]): TreeTable | undefined {
    const value = this.get(path);
    return isTable(value) ? value : undefined;
  }

  /** Whether TOML takes the number for a float. `2.0` and `2` are the same number in JavaScript. */
  isFloat(path: readonly string[]): boolean {
    const [line] = this.definitions(path);
    const value = line === undefined || line.kind === "table" ? undefined : line.element.value;
    return value?.type === "TOMLValue" && value.kind === "float";
  }

  /** The quote that this file uses for keys and strings; the double quote if that is not clear. */
  get quote(): '"' | "'" {
    if (this.quoteStyle === undefined) {
      const header = this.tables.find((table) => /["']/.test(headerText(this, table)));
      const sample = header === undefined ? this.text : headerText(this, header);
      this.quoteStyle = /["']/.exec(sample)?.[0] === "'" ? "'" : '"';
    }
    return this.quoteStyle;
  }

  /** The first place that defines the value at a path, for messages; undefined if there is none. */
  offsetOf(path: readonly string[]): number | undefined {
    return this.definitions(path)[0]?.start;
  }

  /** The line of the first place that defines a path, as ", line N"; "" if there is none. */
  lineNote(path: readonly string[]): string {
    const offset = this.offsetOf(path);
    return offset === undefined ? "" : `, line ${this.source.position(offset).line}`;
  }

  /** Every place that defines a part of the value at a path, in file order. */
  definitions(path: readonly string[]): Definition[] {
    const found: Definition[] = [];
    for (const table of this.tables) {
      const { shared, ends } = along(table, path);
      if (shared === path.length && path.length > 0) {
        found.push({ kind: "table", start: table.start, table });
      } else if (ends) {
        const rest = shared === 0 ? path : path.slice(shared);
        for (const keyValue of table.keyValues) {
          const course = along(keyValue, rest);
          if (course.shared === rest.length) {
            const { start } = keyValue;
            found.push({ kind: "line", start, table, element: keyValue, exact: course.ends });
          } else if (course.ends) {
            this.inlineDefinitions(keyValue, rest.slice(course.shared), table, found);
          }
        }
      }
    }
    return found;
  }

  private inlineDefinitions(
    holder: Element,
    path: readonly string[],
    table: Table,
    found: Definition[],
  ): void {
    if (holder.value.type !== "TOMLInlineTable") return;
    const siblings = elementsOf(holder.value);
    for (const element of siblings) {
      const common = sharedLength(element.path, path);
      if (common === path.length) {
        const exact = element.path.length === path.length;
        found.push({ kind: "inline", start: element.start, table, element, exact, siblings });
      } else if (common === element.path.length) {
        this.inlineDefinitions(element, path.slice(common), table, found);
      }
    }
  }
}

/** One place that defines a path, or something below it (`exact` is false, or the table's path is longer). */
export type Definition =
  | { kind: "table"; start: number; table: Table }
  | {
      kind: "line";
      start: number;
      table: Table;
      element: KeyValue;
      exact: boolean;
    }
  | {
      kind: "inline";
      start: number;
      table: Table;
      element: Element;
      exact: boolean;
      /** All entries of the inline table that contains the element. */
      siblings: Element[];
    };

/** Integers that a JavaScript number cannot hold are rare, so only then is the text parsed again for them. */
function parseToml(text: string): TreeTable {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError) || !error.message.includes("losslessly")) throw error;
    return parse(text, { integersAsBigInt: "asNeeded" });
  }
}

function headerText(document: TomlDocument, table: Table): string {
  return document.text.slice(table.start, table.partEnds[table.partEnds.length - 1] ?? table.start);
}

function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let number = 1; number < line; number++) start = text.indexOf("\n", start) + 1;
  return start + column - 1;
}
