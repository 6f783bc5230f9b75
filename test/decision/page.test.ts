import { createHash } from "node:crypto";
import { planPage } from "../../decision/page";
import { parsePayload } from "../../helper/payload";
import { parseSettings } from "../../settings/parse";
import { file, managed, observation } from "../helper/observations";

const ID = "p.s.registry-ui";
const CONF = "/var/lib/cluster-registry-ui/nginx.conf";
const PAGE = "/var/lib/cluster-registry-ui/page/index.html";
const FILES = [
  { path: CONF, contents: "events {}\n" },
  { path: PAGE, contents: "<p>page</p>\n" },
];
const settings = parseSettings({
  registry: { host: "cp", address: "10.0.0.2" },
  nodes: [{ name: "cp", address: "10.0.0.2", role: "master" }],
  ui: {},
});
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

/** The host after an apply of these files, with the texts that it has now. */
function hostWith(conf: string, page: string, mode = 0o644) {
  const first = planPage(observation({}), settings, ID, FILES);
  const seen = (path: string, text: string) => ({ ...file(path, text), mode, uid: 0, gid: 0 });
  return {
    first,
    host: observation({
      records: [{ id: ID, enrolled: "ab12", payload: first.payload }] as never,
      managed: [
        managed(seen(CONF, conf), undefined, [ID]),
        managed(seen(PAGE, page), undefined, [ID]),
      ],
    }),
  };
}

describe("planPage", () => {
  test("writes both files on a host that has none", () => {
    const decision = planPage(observation({}), settings, ID, FILES);
    expect(decision.why).toBe("first apply");
    const { daemon, activate, files } = parsePayload(decision.payload);
    expect({ daemon, activate }).toEqual({ daemon: "page", activate: "none" });
    expect(files).toEqual([
      {
        path: CONF,
        mode: 0o644,
        after: sha("events {}\n"),
        edits: [{ offset: 0, length: 0, text: "events {}\n" }],
        others: [],
      },
      {
        path: PAGE,
        mode: 0o644,
        after: sha("<p>page</p>\n"),
        edits: [{ offset: 0, length: 0, text: "<p>page</p>\n" }],
        others: [],
      },
    ]);
  });

  test("changes nothing where both are as they were written", () => {
    const { first, host } = hostWith("events {}\n", "<p>page</p>\n");
    const decision = planPage(host, settings, ID, FILES);
    expect(decision).toMatchObject({ inSync: true, diff: "", payload: first.payload });
  });

  test("takes what somebody wrote into a file as drift, of the page only by its size", () => {
    const { host } = hostWith("events {}\nuser root;\n", "<p>other</p>\n");
    const decision = planPage(host, settings, ID, FILES);
    expect(decision).toMatchObject({ inSync: false, why: "drift on the host", revision: 2 });
    expect(decision.diff).toBe(
      [
        `--- ${CONF}\tlive`,
        `+++ ${CONF}\tdesired`,
        "@@ -1,2 +1,1 @@",
        " events {}",
        "-user root;",
        `--- ${PAGE}\tlive`,
        `+++ ${PAGE}\tdesired`,
        "@@ -1 +1 @@",
        `-13 bytes, sha256 ${sha("<p>other</p>\n")}`,
        `+12 bytes, sha256 ${sha("<p>page</p>\n")}`,
        "",
      ].join("\n"),
    );
  });

  test("takes another mode of a file as drift", () => {
    const { host } = hostWith("events {}\n", "<p>page</p>\n", 0o600);
    expect(planPage(host, settings, ID, FILES).diff).toContain(
      "-mode and owner 0600 0:0\n+mode and owner 0644 0:0\n",
    );
  });

  test("is a change of the settings if the page is another one", () => {
    const { host } = hostWith("events {}\n", "<p>page</p>\n");
    const [conf, page] = FILES;
    const newer = [conf!, { ...page!, contents: "<p>newer</p>\n" }];
    expect(planPage(host, settings, ID, newer).why).toBe("settings changed");
  });

  test("refuses a host that has another stack's page", () => {
    const { host } = hostWith("events {}\n", "<p>page</p>\n");
    const [conf, page] = FILES;
    const other = [conf!, { ...page!, contents: "<p>newer</p>\n" }];
    expect(() => planPage(host, settings, "p.two.registry-ui", other)).toThrow(
      "expected no page of another stack on this host, found that of p.s.registry-ui: one registry host has one page; remove `ui` there or here",
    );
  });
});
