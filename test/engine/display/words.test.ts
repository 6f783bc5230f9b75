import { ago } from "../../../engine/display/ago";
import { shellWord } from "../../../engine/display/shell";

test.each([
  ["here", "here"],
  ["", "''"],
  ["~tilde", "\\~tilde"],
  ["a=b#c~d!", "a=b#c~d\\!"],
  ['{"a":[1,2],"b":"it\'s"}', '\\{\\"a\\":\\[1,2],\\"b\\":\\"it\\\'s\\"}'],
  ["two words", "'two words'"],
  ["it's a $x", "'it'\\''s a $x'"],
  ["nl\nx", "'nl\nx'"],
])("a shell reads %j back from what is written for it, in the CLI's form", (text, word) => {
  expect(shellWord(text)).toBe(word);
});

test.each([
  [0.9, "now"],
  [1, "1 second ago"],
  [59, "59 seconds ago"],
  [60, "1 minute ago"],
  [7200, "2 hours ago"],
  [6 * 86_400, "6 days ago"],
  [15 * 86_400, "2 weeks ago"],
  [31 * 86_400, "1 month ago"],
  [800 * 86_400, "2 years ago"],
])("%d seconds are told as %j", (seconds, words) => {
  const now = new Date(1_700_000_000_000);
  expect(ago(new Date(now.getTime() - seconds * 1000), now)).toBe(words);
});
