import { PartialFailure } from "../../../engine/providers/provider";
import { Journal } from "../../../engine/state/journal";
import { bareState, type Snapshot } from "../../../engine/state/resource";
import { stepOf } from "../../../engine/steps/events";
import { Halted, StepFailed } from "../../../engine/steps/halt";
import { Runner } from "../../../engine/steps/runner";

/** Runs one create, during which the second Ctrl-C comes, and which then fails with this error. */
async function terminated(failure: Error) {
  const written: Snapshot[] = [];
  const journal = new Journal({ resources: [], pending: [], extra: {} }, (snapshot) => {
    written.push(snapshot);
    return Promise.resolve();
  });
  const [cancel, terminate] = [new AbortController(), new AbortController()];
  const messages: string[] = [];
  const runner = new Runner(
    {
      ...{ preview: false, parallel: 1, continueOnError: false },
      ...{ cancel: cancel.signal, terminate: terminate.signal },
    },
    journal,
    (event) => event.kind === "message" && messages.push(event.text),
  );
  const state = bareState("urn:pulumi:s::p::fake:index:Thing::a", "fake:index:Thing", true);
  const work = () => {
    cancel.abort();
    terminate.abort();
    return Promise.reject(failure);
  };
  const commit = () => journal.put(undefined, state);
  const error: unknown = await runner
    .run(stepOf("create", undefined, state), "creating", work, commit)
    .catch((thrown: unknown) => thrown);
  await journal.flush();
  const { resources, pending } = written.at(-1) as Snapshot;
  return { error, messages, resources: resources.length, pending: pending.length };
}

test("after the second Ctrl-C, what is not known to have ended stays pending", async () => {
  const { error, ...rest } = await terminated(new Error("aborted"));
  expect(error).toBeInstanceOf(Halted);
  expect(rest).toEqual({ messages: [], resources: 0, pending: 1 });
});

test("after the second Ctrl-C, what exists and is not ready is in the state, with its reasons", async () => {
  const { error, ...rest } = await terminated(new PartialFailure("id", {}, ["no Pod is ready"]));
  expect(error).toBeInstanceOf(StepFailed);
  expect(rest).toEqual({ messages: ["no Pod is ready"], resources: 1, pending: 0 });
});
