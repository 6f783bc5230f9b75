import * as protobuf from "google-protobuf";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { speedUpText } from "../../../engine/rpc/wire-text";

const TEXTS = {
  empty: "",
  short: "a word",
  umlauts: "Grüße 世界 🚀",
  long: "line of a helper\n".repeat(10_000),
  shared: "the helper of every host\n".repeat(2_000),
  sharedToo: "the helper of every host\n".repeat(2_000),
  sharedLength: "another text of this size\n".slice(1).repeat(2_000),
  longUmlauts: "Grüße 世界 🚀".repeat(500),
  longWithZero: `${"x".repeat(300)}\0\u{feff}end`,
};

test("texts are the same on the wire and after it, whichever side has the fast way", () => {
  const bytes = () => Struct.fromJavaScript(TEXTS).serializeBinary();
  const read = (wire: Uint8Array) => Struct.deserializeBinary(wire).toJavaScript();
  const before = bytes();
  speedUpText(protobuf);
  const after = bytes();
  expect(Buffer.compare(after, before)).toBe(0);
  expect(read(before)).toEqual(TEXTS);
  expect(Struct.fromJavaScript(TEXTS).toString()).toBe("[message]");
});
