import { commandsFor } from "../../doctor/commands";
import { pullCause } from "../../doctor/pull-cause";
import { accessTo } from "./facts";

const cause = (message: string, registry = "10.0.0.11") =>
  pullCause(message, accessTo("node01", "10.0.0.12"), registry, commandsFor([]));

test("a pull that does not end: large packets, or a slow disk, and a command that tells them apart", () => {
  const message = "Deadline exceeded after 120.001s,LB pick: 0.001s,remote_addr=/tmp/x/socket";
  expect(cause(message)).toEqual({
    cause:
      "a pull begins and does not end: large packets may be lost between this node and the registry (a smaller MTU on the way), or the registry's disk is slow",
    evidence: ["Deadline exceeded after 120.001s"],
    fix: "ssh root@10.0.0.12 'ping -M do -s 1472 -c 3 10.0.0.11'",
  });
  expect(cause(message, "fd00::11").fix).toBe(
    "ssh root@10.0.0.12 'ping -M do -s 1452 -c 3 fd00::11'",
  );
});

test("a pull that containerd itself gives up has the same cause, and its own words", () => {
  const message = 'failed to pull and unpack image "10.0.0.11:5000/web:1": context canceled';
  expect(cause(message).cause).toBe(cause("Deadline exceeded").cause);
  expect(cause(message).evidence).toEqual([message]);
});

test("any other failure is reported as it is", () => {
  expect(cause("unexpected EOF")).toEqual({
    cause: "the pull failed, although every check has passed",
    evidence: ["unexpected EOF"],
    fix: "ssh root@10.0.0.12 'journalctl -u containerd -n 50 --no-pager'",
  });
});
