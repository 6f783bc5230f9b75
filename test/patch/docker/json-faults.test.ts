import { jsonFaults } from "../../../patch/docker/json-faults";

/** Each fault as `line:column found`. */
function faults(text: string): string[] {
  return jsonFaults(text).map(({ offset, found }) => {
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    return `${line}:${offset - before.lastIndexOf("\n")} ${found}`;
  });
}

describe("a text that is not JSON: each cause once, with the character's name", () => {
  it.each([
    [
      "{\n  \u201ca\u201d: [\u201cb\u201d]\n}",
      ["2:3 a left double quotation mark `\u201c` (U+201C), and 3 more of this kind"],
    ],
    ["{'it\u2019s': 'x'}", ["1:2 an apostrophe `'` (U+0027), and 3 more of this kind"]],
    ["{\u00aba\u00bb: 1}", ["1:2 a left guillemet `\u00ab` (U+00AB), and 1 more of this kind"]],
    ['{"a\u201d: 1}', ["1:4 a right double quotation mark `\u201d` (U+201D)"]],
    ['{\n\u00a0"a":\u00a01}', ["2:1 a no-break space (U+00A0), and 1 more of this kind"]],
    ['{"a":\u20031}', ["1:6 a space of another kind (U+2003)"]],
    ['{"a": 1}\u200b', ["1:9 a zero-width space (U+200B)"]],
    ['{"a": 1}\ufeff', ["1:9 a byte-order mark (U+FEFF)"]],
    ['{"a": 1}\u{e0001}', ["1:9 a character that is not seen (U+E0001)"]],
    ['{"a": \u001b1}', ["1:7 a control character (U+001B)"]],
    [
      '\uff5b"a"\uff1a 1\uff0c "b": 2\uff5d',
      [
        "1:1 a fullwidth brace `\uff5b` (U+FF5B)",
        "1:5 a fullwidth colon `\uff1a` (U+FF1A)",
        "1:8 a fullwidth comma `\uff0c` (U+FF0C)",
        "1:16 a fullwidth brace `\uff5d` (U+FF5D)",
      ],
    ],
    ['{"a": 1;}', ["1:8 `;` (U+003B)"]],
    ['{"a": 1} ;', ["1:10 `;` (U+003B)"]],
    ["# why\n{}", ["1:1 a comment (#)"]],
    ["{} // why", ["1:4 a comment"]],
    ['{ /* a\nb */ "a": 1}', ["1:3 a comment"]],
    ['{"a": 1 /* why', ["1:9 a comment without its end"]],
    ['{"a": "http://x#y", "b": "/*"}', []],
    [
      '{\n  // a\n  "a": 1,\n  # b\n  "b": 2,\n}',
      ["2:3 a comment", "4:3 a comment (#)", "5:9 a comma"],
    ],
    ['{"a": [1, 2,], "b": 3,}', ["1:12 a comma", "1:22 a comma"]],
    ['{, "a": 1}', ["1:2 a comma with nothing before it"]],
    ['{"a": 1\n"b": 2}', ["2:1 no comma between two elements"]],
    ['{"a" 1}', ["1:6 no colon behind a key"]],
    ['{"a": }', ["1:7 } where a value must stand"]],
    ['{"a": ', ["1:7 no value where one must stand"]],
    ['{"a": [1}', ["1:9 } where ] must stand"]],
    ['{\n"a": [1\n', ["3:1 no ] that ends the [ in line 2"]],
    ['{"a": 1}}', ["1:9 more text behind the end of the object"]],
    ["{1: 2}", ["1:2 the key 1 without quotes"]],
    ["{a: 1, b: 2}", ["1:2 the key a without quotes", "1:8 the key b without quotes"]],
    ['{"password": hunter2}', ["1:14 a value without quotes"]],
    [
      '{"a": True, "b": FALSE, "c": None}',
      ["1:7 True", "1:18 FALSE", "1:30 a value without quotes"],
    ],
    [
      '{"a": 0x10, "b": .5, "c": +1}',
      [
        "1:7 the number 0x10 in a form that JSON has not",
        "1:18 the number .5 in a form that JSON has not",
        "1:27 the number +1 in a form that JSON has not",
      ],
    ],
    ['{"a": "b}\n', ["1:7 a string without its end in its line"]],
    [
      '{"a": "\\x", "b": "C:\\dir"}',
      ["1:8 the escape `\\x` in a string, which JSON has not, and 1 more of this kind"],
    ],
    ['{"a": "\\u12"}', ["1:8 the escape `\\u` in a string, which JSON has not"]],
    [
      '{"a": "\u0001\t\t"}',
      [
        "1:8 a control character in a string (U+0001)",
        "1:9 a control character in a string (U+0009), and 1 more of this kind",
      ],
    ],
    [
      '{{ template "base" . }}\n{"a": ',
      ["1:1 a template, of which a program makes the file that dockerd reads"],
    ],
    [
      '{ # x\n"a": {% if b %} 1 {% endif %}}',
      ["2:6 a template, of which a program makes the file that dockerd reads"],
    ],
    ['{"log-opts": {"tag": "{{.Name}}/{{.ID}}"}}', []],
    ["", ["1:1 no value where one must stand"]],
  ])("%j", (text, expected) => {
    expect(faults(text)).toEqual(expected);
  });

  it("finds a fault in every text that is not JSON, and none in a text that is", () => {
    const texts = ['{"a": [1, {"b": null}], "c": "\\u00e9"}\n', "[]", "1e5", '"x"'];
    for (const text of texts) {
      expect(faults(text)).toEqual([]);
      for (let at = 0; at < text.length; at++) {
        for (const added of [
          '"',
          "}",
          "]",
          ",",
          ":",
          "x",
          "\u00a0",
          "\u201c",
          "\\",
          "#",
          "\n",
          "-",
        ]) {
          const spoilt = text.slice(0, at) + added + text.slice(at);
          expect([spoilt, faults(spoilt).length > 0]).toEqual([spoilt, !isJson(spoilt)]);
        }
      }
    }
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
