import { type Node, type ParseError, parseTree, printParseErrorCode, visit } from "jsonc-parser";

import { type Problem, Refusal } from "../problem";
import { type Source } from "../source";

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
  const problems = [
    ...errors.slice(0, MOST).map((error) => syntaxProblem(source, error)),
    ...twice(source, json),
  ].slice(0, MOST);
  if (problems.length > 0) throw new Refusal(problems);
  try {
    JSON.parse(json);
  } catch (error) {
    // The two readers disagree: then nobody knows what dockerd makes of the file.
    throw source.refuse(begin, {
      expected: "valid JSON",
      found: error instanceof Error ? error.message : String(error),
      fix: "mend the file by hand; the daemon cannot read it either",
    });
  }
  if (root?.type !== "object") {
    throw source.refuse(root?.offset ?? begin, {
      expected: "an object { ... }",
      found: root === undefined ? "nothing" : `a value of type ${root.type}`,
      fix: "write dockerd's settings as the keys of one object",
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

const codes: Partial<Record<string, string>> = {
  InvalidCommentToken: "a comment",
  UnexpectedEndOfComment: "a comment without its end",
  UnexpectedEndOfString: "a string without its end",
  InvalidEscapeCharacter: "an unknown escape in a string",
  InvalidUnicode: "a wrong \\u escape in a string",
  InvalidCharacter: "a control character in a string",
  PropertyNameExpected: "no property name where one must stand",
  ValueExpected: "no value where one must stand",
  ColonExpected: "no colon behind a property name",
  CommaExpected: "no comma between two elements",
  CloseBraceExpected: "no } that ends the object",
  CloseBracketExpected: "no ] that ends the array",
  EndOfFileExpected: "more text behind the end of the object",
};

function syntaxProblem(source: Source, { error, offset }: ParseError): Problem {
  const name = printParseErrorCode(error);
  const comment = name.includes("Comment");
  return source.problem(offset, {
    expected: comment ? "JSON without comments, since dockerd takes none" : "valid JSON",
    found: codes[name] ?? name,
    fix: comment
      ? "take the comment out of the file"
      : "mend the file by hand; the daemon cannot read it either",
  });
}

function twice(source: Source, json: string): Problem[] {
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
