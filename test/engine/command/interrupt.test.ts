import { listenForInterrupts } from "../../../engine/command/interrupt";

describe("listenForInterrupts", () => {
  const said: string[] = [];
  const wait = (milliseconds: number) =>
    new Promise((resolve) => setTimeout(resolve, milliseconds));

  test("one press that comes twice, as npm and the terminal send it, is one; a later one is the second", async () => {
    const interrupts = listenForInterrupts((text) => said.push(text));
    const { cancel, terminate } = interrupts;
    try {
      process.emit("SIGINT");
      process.emit("SIGINT");
      expect([cancel.aborted, terminate.aborted]).toEqual([true, false]);
      await wait(600);
      process.emit("SIGINT");
      expect(terminate.aborted).toBe(true);
      expect(said).toEqual([
        "^C received; waiting for the running steps to finish. Press ^C again to end without waiting.",
        "^C received; terminating now. The state records the interrupted steps as pending.",
      ]);
    } finally {
      interrupts.dispose();
    }
  });
});
