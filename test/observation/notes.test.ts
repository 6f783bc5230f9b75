import { configNotes } from "../../observation/notes";

test("each note appears once, with the hosts that it affects", () => {
  const include = "Include is not followed (Include conf.d/*)";
  const proxy = "ProxyCommand is not supported; use ProxyJump (ProxyCommand nc %h %p)";
  expect(
    configNotes([
      { name: "cp", notes: [include] },
      { name: "node01", notes: [include, proxy] },
      { name: "node02", notes: [] },
    ]),
  ).toEqual([`ssh config for cp, node01: ${include}`, `ssh config for node01: ${proxy}`]);
});
