import { type Node, type ParseError, parseTree, visit } from "jsonc-parser";

import { type Problem, Refusal } from "../problem";
import { type Source } from "../source";
import { jsonFaults } from "./json-faults";

/** A JSON file that holds one object, with the position of every part of it. */
export interface JsonObject {
  source: Source;
  root: Node;
}

/**
 * Reads JSON as dockerd does: no comments, no commas behind the last element, nothing behind the
 * object, and no key twice (dockerd would take the last one, and hide the first).
 *
 * @throws Refusal with every problem, each with its place
 */
export function parseJsonObject(source: Source): JsonObject {
  const { text } = source;
  const begin = source.hasByteOrderMark ? 1 : 0;
  const json = begin === 0 ? text : ` ${text.slice(1)}`; // a blank keeps every offset as it is
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

/** Nobody reads more, and a damaged file can have thousands. */
const MOST = 20;

/** Deeper than this, the readers of it (ours, and in the end dockerd's) give up in ways of their own. */
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

/** The property node (key and value) of a key of the object. */
export function propertyOf(object: JsonObject, key: string): Node | undefined {
  return object.root.children?.find((property) => property.children?.[0]?.value === key);
}

/** As the engine reads it; and no number is beyond what Go's encoding/json holds. */
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
  // The readers disagree: then nobody knows what dockerd makes of the file.
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
