import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../lab/lock";

// The lock is Linux's: abstract sockets exist nowhere else.
const onLinux = process.platform === "linux" ? describe : describe.skip;

onLinux("withLock", () => {
  const name = `test/${process.pid}`;
  const never = () => {
    throw new Error("nobody should wait here");
  };

  test("lets one after the other in, and tells once who waits", async () => {
    const events: string[] = [];
    const first = withLock(name, never, async () => {
      events.push("first in");
      await sleep(200);
      events.push("first out");
    });
    await sleep(50);
    const second = withLock(
      name,
      () => events.push("second waits"),
      () => Promise.resolve(events.push("second in")),
    );
    await Promise.all([first, second]);
    expect(events).toEqual(["first in", "second waits", "first out", "second in"]);
  });

  test("lets go when the work fails, and passes the failure on", async () => {
    const failing = withLock(name, never, () => Promise.reject(new Error("broken")));
    await expect(failing).rejects.toThrow("broken");
    await expect(withLock(name, never, () => Promise.resolve("in"))).resolves.toBe("in");
  });

  test("keeps different names apart", async () => {
    const inner = () => withLock(`${name}/other`, never, () => Promise.resolve("in"));
    await expect(withLock(name, never, inner)).resolves.toBe("in");
  });
});
