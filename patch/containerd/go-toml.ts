import { type TomlDocument } from "../toml/document";
import { type Element, elementsOf } from "../toml/places";
import { type Fact, type Finding, on1x, on2x, onAll } from "./fact";
import { type DaemonVersion } from "./version";

/** Differences of go-toml 1, in containerd 1.x, from TOML 1.0. */
export const GO_TOML_1: readonly Fact[] = [
  {
    does: "takes an escape in a table header for what it stands for, letter by letter",
    of: on1x,
    example: 'version = 2\n[plugins."io.containerd.x.v1.\\u0041"]\na = 1\n',
    instead: 'version = 2\n[plugins."io.containerd.x.v1.A"]\na = 1\n',
    refusedAnyway: "another table is meant than TOML says",
    find: inHeader(
      /\\/,
      "table headers without escapes",
      "one with an escape",
      ({ text }) => `which containerd ${text} takes as it stands`,
      "write the character itself",
    ),
  },
  {
    does: "takes no bracket in a table header, be it in quotes",
    of: on1x,
    example: 'version = 2\n[x."[fd00::1]:5000"]\na = 1\n',
    instead: 'version = 2\n[x]\n"[fd00::1]:5000" = { a = 1 }\n',
    find: inHeader(
      /[[\]]/,
      "table headers without brackets in their names",
      "one with a bracket",
      ({ text }) => `with which containerd ${text} does not start`,
      'write it as a key of the table above: "[fd00::1]:5000" = { ... }',
    ),
  },
  {
    does: "takes no blank behind the dot of a key, nor a tab behind one of a header",
    of: on1x,
    example: 'version = 2\n[x]\ny. z = ""\n',
    instead: 'version = 2\n[x]\ny.z = ""\n',
    find: (document, daemon) => {
      const offset = headersOf(document)
        .flatMap((key) => separators(document.text, key).filter(({ text }) => text.includes(".\t")))
        .concat(
          entriesOf(document).flatMap((key) =>
            separators(document.text, key).filter(({ text }) => /^\.[ \t]|\.\t/.test(text)),
          ),
        )[0]?.offset;
      return notStarting(daemon, offset, "no blank behind a dot", "one", "take the blank out");
    },
  },
  {
    does: "takes no double quote in a quoted key",
    of: on1x,
    example: 'version = 2\n[x]\n"a\\"b" = 1\n',
    instead: "version = 2\n[x]\n'a\"b' = 1\n",
    find: (document, daemon) => {
      const offset = entriesOf(document)
        .flatMap((entry) => partsOf(document.text, entry))
        .find(({ name, written }) => written.startsWith('"') && name.includes('"'))?.offset;
      const fix = "write the key in single quotes";
      return notStarting(daemon, offset, 'no " in a key in double quotes', "one", fix);
    },
  },
  {
    does: "takes a local date only with a blank behind it, or at the very end of the file",
    of: on1x,
    example: "version = 2\n[x]\na = 1979-05-27\n",
    instead: "version = 2\n[x]\na = 1979-05-27 \n",
    find: (document, daemon) => {
      const date = valuesOf(document).find(
        ({ value, valueEnd }) =>
          value.type === "TOMLValue" &&
          value.kind === "local-date" &&
          document.text[valueEnd] !== " ",
      );
      const isLast = date !== undefined && date.valueEnd === document.text.length;
      return finding(date?.valueStart, {
        expected: "a blank behind a date without a time",
        found: isLast
          ? `one at the very end: containerd ${daemon.text} would not start with a line behind it`
          : `none, with which containerd ${daemon.text} does not start`,
        fix: "put a blank behind it, or write it in quotes",
      });
    },
  },
  {
    does: "takes no small t or z in a date",
    of: on1x,
    example: "version = 2\n[x]\na = 1979-05-27t07:32:00z\n",
    instead: "version = 2\n[x]\na = 1979-05-27T07:32:00Z\n",
    find: (document, daemon) => {
      const date = valuesOf(document).find(
        ({ value, valueStart, valueEnd }) =>
          value.type === "TOMLValue" &&
          /date/.test(value.kind) &&
          /[tz]/.test(document.text.slice(valueStart, valueEnd)),
      );
      return notStarting(daemon, date?.valueStart, "T and Z in a date", "t or z", "write T and Z");
    },
  },
  {
    does: "takes no exponent right behind a leading zero",
    of: on1x,
    example: "version = 2\n[x]\na = 0e0\n",
    instead: "version = 2\n[x]\na = 0.0\n",
    find: (document, daemon) => {
      const zero = valuesOf(document).find(
        ({ value, valueStart, valueEnd }) =>
          value.type === "TOMLValue" &&
          value.kind === "float" &&
          /^[+-]?0[eE]/.test(document.text.slice(valueStart, valueEnd)),
      );
      return notStarting(
        daemon,
        zero?.valueStart,
        "a zero without an exponent",
        "one",
        "write 0.0",
      );
    },
  },
  {
    does: "takes no quote right before the three that end a string over several lines",
    of: on1x,
    example: 'version = 2\n[x]\na = """b""""\n',
    instead: 'version = 2\n[x]\na = """b\\""""\n',
    find: (document, daemon) => {
      const string = valuesOf(document).find(
        ({ value, valueStart, valueEnd }) =>
          value.type === "TOMLValue" &&
          value.kind === "string" &&
          value.multiline &&
          endsWithQuote(document.text.slice(valueStart + 3, valueEnd - 3), value.style),
      );
      const fix = 'write the string in quotes of the other kind, or that quote as \\"';
      return notStarting(daemon, string?.valueStart, 'no quote before the closing """', "one", fix);
    },
  },
];

/** Differences of go-toml 2, in containerd 2.x, from TOML 1.0. */
export const GO_TOML_2: readonly Fact[] = [
  {
    does: "takes a byte-order mark for a wrong key",
    of: on2x,
    example: "\uFEFFversion = 2\n",
    instead: "version = 2\n",
    find: (document, daemon) =>
      finding(document.source.hasByteOrderMark ? 0 : undefined, {
        expected: "TOML without a byte-order mark",
        found: `a byte-order mark, which containerd ${daemon.text} does not take`,
        fix: "take the first three bytes (EF BB BF) out of the file",
      }),
  },
];

/** Differences that both have. */
export const GO_TOML: readonly Fact[] = [
  {
    does: "takes no integer beyond 64 bits",
    of: onAll,
    example: "version = 2\n[plugins.'io.containerd.x.v1.y']\na = 99999999999999999999\n",
    instead: "version = 2\n[plugins.'io.containerd.x.v1.y']\na = 9223372036854775807\n",
    find: (document, daemon) => {
      const large = valuesOf(document).find(
        ({ value }) =>
          value.type === "TOMLValue" &&
          value.kind === "integer" &&
          BigInt.asIntN(64, value.bigint) !== value.bigint,
      );
      const fix = "write a smaller number, or a string";
      return notStarting(daemon, large?.valueStart, "an integer of 64 bits", "a larger one", fix);
    },
  },
];

/** All facts that decide whether, and how, a daemon parses a file as TOML. */
export const READERS: readonly Fact[] = [...GO_TOML_2, ...GO_TOML_1, ...GO_TOML];

/** Whether containerd cannot read this name in a header. */
export function isUnreadInHeader(name: string, daemon: DaemonVersion): boolean {
  return daemon.major < 2 && /[[\]]/.test(name);
}

function finding(offset: number | undefined, what: Omit<Finding, "offset">): Finding | undefined {
  return offset === undefined ? undefined : { offset, ...what };
}

function notStarting(
  daemon: DaemonVersion,
  offset: number | undefined,
  expected: string,
  found: string,
  fix: string,
): Finding | undefined {
  return finding(offset, {
    expected,
    found: `${found}, with which containerd ${daemon.text} does not start`,
    fix,
  });
}

function inHeader(
  pattern: RegExp,
  expected: string,
  found: string,
  does: (daemon: DaemonVersion) => string,
  fix: string,
) {
  return ({ text, tables }: TomlDocument, daemon: DaemonVersion): Finding | undefined => {
    const table = tables.slice(1).find(({ start, array, partEnds }) => {
      return pattern.test(text.slice(start + (array ? 2 : 1), partEnds.at(-1)));
    });
    return finding(table?.start, { expected, found: `${found}, ${does(daemon)}`, fix });
  };
}

type Key = Pick<Element, "start" | "path" | "partEnds">;

function headersOf({ tables, text }: TomlDocument): Key[] {
  return tables.slice(1).map(({ start, array, path, partEnds }) => {
    const open = start + (array ? 2 : 1);
    return { start: open + blanks(text, open), path, partEnds };
  });
}

/** Every key with its value, also in inline tables. */
function entriesOf(document: TomlDocument): Element[] {
  return valuesOf(document).filter(({ path }) => path.length > 0);
}

/** Every value, at any depth. */
function valuesOf({ tables }: TomlDocument): Element[] {
  const below = (element: Element): Element[] => [
    element,
    ...elementsOf(element.value).flatMap(below),
  ];
  return tables.flatMap(({ keyValues }) => keyValues).flatMap(below);
}

/** The text between the parts of a key: a dot, and blanks around it. */
function separators(text: string, key: Key): { offset: number; text: string }[] {
  return key.partEnds.slice(0, -1).map((offset) => {
    const found = /^[ \t]*\.[ \t]*/.exec(text.slice(offset, offset + 200))?.[0] ?? "";
    return { offset, text: found };
  });
}

function partsOf(text: string, key: Key): { offset: number; name: string; written: string }[] {
  const starts = [key.start, ...separators(text, key).map((one) => one.offset + one.text.length)];
  return key.path.map((name, index) => {
    const offset = starts[index] ?? key.start;
    return { offset, name, written: text.slice(offset, key.partEnds[index]) };
  });
}

function blanks(text: string, offset: number): number {
  return /^[ \t]*/.exec(text.slice(offset, offset + 200))?.[0].length ?? 0;
}

function endsWithQuote(inner: string, style: "basic" | "literal"): boolean {
  if (style === "literal") return inner.endsWith("'");
  return inner.endsWith('"') && !/(?:^|[^\\])(?:\\\\)*\\"$/.test(inner);
}
