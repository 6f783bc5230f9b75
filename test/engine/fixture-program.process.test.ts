import { unwrapMap } from "../../engine/values/property";
import { FixtureProgram, comparable } from "./fixture-program";

jest.setTimeout(60_000);

test("a stack that the Pulumi CLI made is carried on: its program changes nothing, in a preview and an up, and no host is asked", async () => {
  const program = new FixtureProgram();
  try {
    program.adopt();
    const before = await program.resources();
    const guard = before.find(({ urn }) => urn.endsWith("::node01-guard"));
    const { privateKey } = unwrapMap(guard?.inputs)["connection"] as Record<string, string>;
    program.privateKey = privateKey ?? "";

    for (const preview of [true, false]) {
      const ran = await program.run({ kind: "up", preview });
      expect(ran.messages).toEqual([]);
      expect(ran.changes).toEqual({ same: 9 });
      expect(ran.outputs).toEqual(ran.oldOutputs);
    }

    expect(comparable(await program.resources())).toEqual(comparable(before));
  } finally {
    program.remove();
  }
});
