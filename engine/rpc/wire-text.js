// Makes the protobuf library fast with long texts. It writes and reads text character by character through arrays, and
// the SDK has it print whole messages for debug lines that nobody sees. A program's messages hold the helper's text for
// every host, so this took a tenth of a preview's CPU time with three hosts. What goes over the wire stays the same.
"use strict";

/** Below this length the library's own way costs less than a separate buffer. */
const LONG = 200;

/** @param protobuf the module google-protobuf; it is changed for the whole process */
function speedUpText({ BinaryReader, BinaryWriter, Message }) {
  const { writeString } = BinaryWriter.prototype;
  // On the wire, a text is its bytes in UTF-8.
  BinaryWriter.prototype.writeString = function (field, value) {
    if (typeof value === "string" && value.length >= LONG)
      this.writeBytes(field, Buffer.from(value, "utf8"));
    else writeString.call(this, field, value);
  };
  BinaryReader.prototype.readString = function () {
    const { buffer, byteOffset, byteLength } = this.readBytes();
    return Buffer.from(buffer, byteOffset, byteLength).toString("utf8");
  };
  Message.prototype.toString = () => "[message]";
}

module.exports = { speedUpText };
