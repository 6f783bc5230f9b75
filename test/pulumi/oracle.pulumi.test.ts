import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";
import { testWithPulumi } from "./cli";
import { compare } from "./compare";
import { SCENARIOS } from "./scenarios";

jest.setTimeout(900_000);

for (const [name, operations] of Object.entries(SCENARIOS)) {
  testWithPulumi(`both engines do the same where a program ${name}`, async () => {
    await compare(await ensurePulumi(cacheFolder(), console.error), operations);
  });
}
