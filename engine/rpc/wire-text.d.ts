import type * as protobuf from "google-protobuf";

export function speedUpText(
  library: Pick<typeof protobuf, "BinaryReader" | "BinaryWriter" | "Message">,
): void;
