// Makes the protobuf library fast with long texts. It writes and reads text character by character through arrays, and
// the SDK has it print whole messages for debug lines that nobody sees. A program's messages hold the helper's text for
// every host, so this took a tenth of a preview's CPU time with three hosts, and its memory grew with each host. What goes
// over the wire stays the same.
"use strict";

/** Below this length the library's own way costs less than a separate buffer. */
const LONG = 200;
/** From this length on, equal texts are one text in memory: every host has the helper's text. */
const SHARED = 10_000;
/** How many texts are remembered for that, in each direction. */
const MOST = 50;

/** Remembers the last values that were made. */
class Remembered extends Map {
  keep(key, value) {
    if (this.size >= MOST) this.delete(this.keys().next().value);
    this.set(key, value);
    return value;
  }
}

/** The bytes of a text, made once for equal long texts. */
const written = new Remembered();
function bytesOf(text) {
  if (text.length < SHARED) return Buffer.from(text, "utf8");
  return written.get(text) ?? written.keep(text, Buffer.from(text, "utf8"));
}

/** The text of bytes, by their number: of two long texts of one length, the last one is remembered. */
const read = new Remembered();
function textOf(bytes) {
  if (bytes.length < SHARED) return bytes.toString("utf8");
  const last = read.get(bytes.length);
  if (last !== undefined && last.bytes.equals(bytes)) return last.text;
  read.delete(bytes.length);
  // A copy, because the bytes are a part of a whole message.
  return read.keep(bytes.length, { bytes: Buffer.from(bytes), text: bytes.toString("utf8") }).text;
}

/** @param protobuf the module google-protobuf; it is changed for the whole process */
function speedUpText({ BinaryReader, BinaryWriter, Message }) {
  const { writeString } = BinaryWriter.prototype;
  // On the wire, a text is its bytes in UTF-8.
  BinaryWriter.prototype.writeString = function (field, value) {
    if (typeof value === "string" && value.length >= LONG) this.writeBytes(field, bytesOf(value));
    else writeString.call(this, field, value);
  };
  BinaryReader.prototype.readString = function () {
    const { buffer, byteOffset, byteLength } = this.readBytes();
    return textOf(Buffer.from(buffer, byteOffset, byteLength));
  };
  Message.prototype.toString = () => "[message]";
}

module.exports = { speedUpText };
