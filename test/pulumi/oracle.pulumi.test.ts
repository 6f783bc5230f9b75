import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";
import { testWithPulumi } from "./cli";
import { compare } from "./compare";
import { SCENARIOS } from "./scenarios";

jest.setTimeout(3_600_000);

/** Scenarios in which one engine asks the provider what the other does not ask, by name; docs/engine.md says why. */
const OTHER_QUESTIONS = [
  "takes up a delete-first replacement whose create failed, with dependents",
];

/** Scenarios that end in another way, by name; docs/engine.md says why. */
const OTHER_ENDS = ["changes the order of dependencies, with a target"];

for (const [name, operations] of Object.entries(SCENARIOS)) {
  const run = async (): Promise<void> => {
    const pulumi = await ensurePulumi(cacheFolder(), console.error);
    await compare(pulumi, operations, !OTHER_QUESTIONS.includes(name));
  };
  if (OTHER_ENDS.includes(name)) {
    testWithPulumi(`the engines differ, as documented, where a program ${name}`, () =>
      expect(run()).rejects.toThrow("Duplicate resource URN"),
    );
  } else testWithPulumi(`both engines do the same where a program ${name}`, run);
}
