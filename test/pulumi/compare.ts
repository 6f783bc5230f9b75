import { Crypter } from "../../engine/secrets/passphrase";
import { CliEngine, EmbeddedEngine, type OneEngine, type Operation, type Result } from "./engines";

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

/**
 * What is compared of a result. Not when a provider is configured, and not the order of deletes that follow each other: those
 * that depend on each other are told apart by what is there when something fails, and by the embedded engine's own tests.
 */
const comparable = ({ calls, done, code, state }: Result) => ({
  calls: sortedDeletes(calls.filter((call) => !call.startsWith("configure "))),
  done: sortedDeletes(done),
  code,
  state,
});

function sortedDeletes(lines: readonly string[]): string[] {
  const sorted: string[] = [];
  let deletes: string[] = [];
  for (const line of [...lines, ""]) {
    if (line.startsWith("delete ")) deletes.push(line);
    else {
      sorted.push(...deletes.sort(), ...(line === "" ? [] : [line]));
      deletes = [];
    }
  }
  return sorted;
}

const open = Crypter.open.bind(Crypter);
const opened = new Map<string, Promise<Crypter>>();

/**
 * Runs the operations on a stack of each engine, and expects the same of both. `calls` false: what is done and the state, but not
 * each question that the provider is asked.
 */
export async function compare(
  pulumi: string,
  operations: readonly Operation[],
  calls = true,
): Promise<void> {
  // All stacks here have one passphrase.
  jest.spyOn(Crypter, "open").mockImplementation((passphrase, salt) => {
    const known = opened.get(salt) ?? open(passphrase, salt);
    opened.set(salt, known);
    return known;
  });
  const cli = await all(new CliEngine(pulumi), operations);
  const embedded = await all(new EmbeddedEngine(), operations);
  operations.forEach((operation, index) => {
    const [ours, theirs] = [embedded[index], cli[index]];
    if (!ours || !theirs) throw new Error("an operation has no result");
    try {
      const [embeddedDoes, cliDoes] = [comparable(ours), comparable(theirs)];
      expect(calls ? embeddedDoes : { ...embeddedDoes, calls: cliDoes.calls }).toEqual(cliDoes);
    } catch (error) {
      const at = `operation ${index + 1}, ${operation.kind}`;
      const said = `The CLI said:\n${theirs.said}\n\nThe embedded engine said:\n${ours.said}`;
      throw new Error(`${at}: ${(error as Error).message}\n\n${said}`, { cause: error });
    }
  });
}
