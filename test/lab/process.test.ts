import { must, run } from "../../lab/process";

test("run returns what a program said, whatever its exit code", async () => {
  const result = await run("sh", ["-c", "cat; echo no >&2; exit 7"], { stdin: "in" });
  expect(result).toEqual({ code: 7, stdout: "in", stderr: "no\n" });
});

test("run tells a signal as a shell does", async () => {
  expect((await run("sh", ["-c", "kill -KILL $$"])).code).toBe(137);
});

test("run gives each line as it comes, also a last one without its end", async () => {
  const lines: string[] = [];
  await run("sh", ["-c", "printf 'a\\nb'"], { onLine: (line) => lines.push(line) });
  expect(lines).toEqual(["a", "b"]);
});

test("run does not fail when a program leaves its input unread", async () => {
  expect((await run("true", [], { stdin: "x".repeat(1_000_000) })).code).toBe(0);
});

test("must rejects with the exit code, the command and the program's own words", async () => {
  await expect(must("sh", ["-c", "echo out; echo why >&2; exit 3"])).rejects.toThrow(
    "exit code 3: sh -c echo out; echo why >&2; exit 3\nwhy",
  );
});

test("run rejects when the program does not exist", async () => {
  await expect(run("/no/such/program", [])).rejects.toThrow("ENOENT");
});
