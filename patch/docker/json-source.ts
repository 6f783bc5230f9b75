import { type Node, type ParseError, parseTree, visit } from "jsonc-parser";

import { type Problem, Refusal } from "../problem";
import { type Source } from "../source";
import { jsonFaults } from "./json-faults";

/** A JSON file that contains one object, with the position of each of its parts. */
export interface JsonObject {
  source: Source;
  root: Node;
}

/**
 * Parses JSON as dockerd does: no comments, no trailing commas, nothing after the object, and no duplicate key (dockerd
 * would use the last one and hide the first).
 *
 * @throws Refusal with every problem and its place
 */
export function parseJsonObject(source: Source): JsonObject {
  const { text } = source;
  const begin = source.hasByteOrderMark ? 1 : 0;
  const json = begin === 0 ? text : ` ${text.slice(1)}`; // a blank keeps all offsets
  refuseTooDeep(source, json);
  const errors: ParseError[] = [];
  const root = parseTree(json, errors, { disallowComments: true, allowTrailingComma: false });
  if (errors.length > 0 || !isJson(json)) throw unreadable(source, json);
  const repeated = duplicateKeys(source, json);
  if (repeated.length > 0) throw new Refusal(repeated);
  if (root?.type !== "object") {
    throw source.refuse(root?.offset ?? begin, {
      expected: "an object { ... }",
      found: root === undefined ? "nothing" : `a value of type ${root.type}`,
      fix: "write dockerd's settings as the keys of one object, {} for none",
    });
  }
  return { source, root };
}

/** Nobody reads more problems, and a damaged file can have thousands. */
const MOST = 20;

/** Beyond this depth, our parsers and dockerd's own fail in different ways. */
const DEEPEST = 200;

function refuseTooDeep(source: Source, json: string): void {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === '"') {
      for (at++; at < json.length && json[at] !== '"'; at++) if (json[at] === "\\") at++;
    } else if (character === "{" || character === "[") {
      if (++depth > DEEPEST) {
        throw source.refuse(at, {
          expected: `objects and arrays at most ${DEEPEST} deep in one another`,
          found: "more",
          fix: "mend the file by hand; no setting of dockerd is nested so deep",
        });
      }
    } else if (character === "}" || character === "]") {
      depth--;
    }
  }
}

/** The property node (key and value) of a key in the object. */
export function propertyOf(object: JsonObject, key: string): Node | undefined {
  return object.root.children?.find((property) => property.children?.[0]?.value === key);
}

/** As the JavaScript engine parses it, with no number that is too large for Go's encoding/json. */
function isJson(text: string): boolean {
  try {
    let isHeld = true;
    JSON.parse(text, (_, value: unknown) => {
      if (value === Infinity || value === -Infinity) isHeld = false;
      return value;
    });
    return isHeld;
  } catch {
    return false;
  }
}

function unreadable(source: Source, json: string): Refusal {
  const problems = jsonFaults(json)
    .slice(0, MOST)
    .map(({ offset, ...what }) => source.problem(offset, what));
  if (problems.length > 0) return new Refusal(problems);
  // The parsers disagree, so it is not known how dockerd reads the file.
  return source.refuse(source.hasByteOrderMark ? 1 : 0, {
    expected: "valid JSON",
    found: "a text that not every reader takes",
    fix: "mend the file by hand, and report it as a fault of cluster-registry",
  });
}

function duplicateKeys(source: Source, json: string): Problem[] {
  const problems: Problem[] = [];
  const open: Map<string, number>[] = [];
  visit(json, {
    onObjectBegin: () => void open.push(new Map()),
    onObjectEnd: () => void open.pop(),
    onObjectProperty: (key, offset) => {
      const keys = open[open.length - 1];
      const first = keys?.get(key);
      if (first === undefined) {
        keys?.set(key, offset);
        return;
      }
      if (problems.length === MOST) return;
      problems.push(
        source.problem(offset, {
          expected: "each key once",
          found: `"${key}" again, first in line ${source.position(first).line}`,
          fix: "join the two into one",
        }),
      );
    },
  });
  return problems;
}
