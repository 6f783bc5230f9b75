import { ensurePulumi } from "../../lab/go/pulumi";
import { cacheFolder } from "../../lab/paths";
import { testWithPulumi } from "./cli";
import { CliEngine, EmbeddedEngine, type OneEngine, type Operation, type Result } from "./engines";
import { SCENARIOS } from "./scenarios";

jest.setTimeout(900_000);

async function all(engine: OneEngine, operations: readonly Operation[]): Promise<Result[]> {
  try {
    await engine.prepare();
    const results: Result[] = [];
    for (const operation of operations) results.push(await engine.run(operation));
    return results;
  } finally {
    await engine.close();
  }
}

const withoutWords = (results: readonly Result[]) =>
  results.map(({ calls, done, code, state }) => ({ calls, done, code, state }));

for (const [name, operations] of Object.entries(SCENARIOS)) {
  testWithPulumi(`both engines do the same where a program ${name}`, async () => {
    const pulumi = await ensurePulumi(cacheFolder(), console.error);
    const cli = await all(new CliEngine(pulumi), operations);
    const embedded = await all(new EmbeddedEngine(), operations);
    expect(withoutWords(embedded)).toEqual(withoutWords(cli));
  });
}
