import { createHash } from "node:crypto";
import { markup } from "../../report/markup";
import { reportPage } from "../../report/page";
import { picture } from "../../report/picture";
import { plain } from "../../report/plain";
import { HOSTILE, HOSTILE_REPORT, SAMPLE } from "./sample";

const AT = new Date("2026-11-28T13:00:00Z");
const page = reportPage(SAMPLE, AT);
const hash = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`;
/** What stands in the first element of this name. */
const contents = (name: string) => new RegExp(`<${name}>([^]*?)</${name}>`).exec(page)![1]!;

describe("the page", () => {
  test("has the stack, the registry and the time in its head", () => {
    expect(contents("title")).toBe("Stack prod: 2 of 4 in sync");
    expect(contents("header")).toBe(
      '\n<h1>Stack prod</h1>\n<p>Registry <code>10.0.0.11:5000</code>, read at <time datetime="2026-11-28T13:00:00.000Z">2026-11-28 13:00:00Z</time></p>\n',
    );
  });

  test("permits its own style and script, and nothing else", () => {
    const policy = /<meta http-equiv="content-security-policy" content="([^"]*)">/.exec(page)?.[1];
    expect(policy?.replaceAll("&#39;", "'")).toBe(
      `default-src 'none'; script-src '${hash(contents("script"))}'; style-src '${hash(contents("style"))}'; img-src data:; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/ style=| on[a-z]+=|https?:|url\(|@import/);
  });

  test("has a row for each thing, with a link to what explains it", () => {
    const rows = page.split("\n").filter((line) => line.startsWith("<tr data-row"));
    expect(rows).toHaveLength(4);
    expect(rows[0]).toBe(
      '<tr data-row="row-1" data-state="in sync"><th scope="row">cp</th><td>master</td>' +
        "<td>Debian GNU/Linux 12 (bookworm)</td><td>containerd 1.6.20</td><td>mirrors</td>" +
        '<td><span class="mark in-sync"></span>in sync</td>' +
        '<td><time datetime="2026-11-28T12:50:01.000Z">2026-11-28 12:50:01Z</time></td>' +
        "<td><code>/etc/containerd/config.toml</code></td></tr>",
    );
    expect(rows[2]).toBe(
      '<tr data-row="row-3" data-state="unreachable"><th scope="row">node02</th><td>worker</td>' +
        "<td>–</td><td>containerd</td><td>–</td>" +
        '<td><span class="mark unreachable"></span><a href="#row-3">unreachable<span class="unseen"> node02 containerd</span></a></td>' +
        "<td>–</td><td><code>/etc/containerd/config.toml</code></td></tr>",
    );
  });

  test("shows the reasons and the lines that differ, and no heading for what is in sync", () => {
    const headings = [...page.matchAll(/<h([23])[^>]*>(.*)<\/h\1>/g)].map(([, , text]) => text);
    expect(headings).toEqual([
      "Hosts",
      "What is not in sync",
      'node01: containerd <span class="is">drifted</span>',
      'node02: containerd <span class="is">unreachable</span>',
    ]);
    expect(page).toContain("<pre>no answer from 10.0.0.13:22\n  is it on?</pre>");
    expect(page).toContain(
      '<pre class="scrolls" role="region" aria-label="Changes on node01: containerd" tabindex="0"><b>--- /etc/containerd/config.toml\tlive</b>\n' +
        "<b>+++ /etc/containerd/config.toml\tdesired</b>\n@@ -1,2 +1,2 @@\n version = 3\n<del>-  old</del>\n<ins>+  new</ins>\n</pre>",
    );
    const rows = SAMPLE.rows.filter(({ state }) => state === "in sync");
    expect(reportPage({ ...SAMPLE, rows }, AT)).not.toContain("What is not in sync");
  });

  test("has one choice for each state that there is", () => {
    expect(page.match(/<label>.*<\/label>/g)).toEqual([
      '<label><input type="checkbox" value="unreachable" checked><span class="mark unreachable"></span>unreachable (1)</label>',
      '<label><input type="checkbox" value="drifted" checked><span class="mark drifted"></span>drifted (1)</label>',
      '<label><input type="checkbox" value="in sync" checked><span class="mark in-sync"></span>in sync (2)</label>',
      '<label>Search <input type="search" id="search" autocomplete="off"></label>',
    ]);
  });

  test("has a picture whose parts are as long as their shares, and that says the same in words", () => {
    expect(picture(SAMPLE.rows).text).toBe(
      '<svg class="summary" role="img" aria-label="1 unreachable, 1 drifted, 2 in sync" viewBox="0 0 1000 24" preserveAspectRatio="none">' +
        '<rect class="unreachable" x="0" width="248" height="24"><title>1 unreachable</title></rect>' +
        '<rect class="drifted" x="252" width="248" height="24"><title>1 drifted</title></rect>' +
        '<rect class="in-sync" x="504" width="496" height="24"><title>2 in sync</title></rect></svg>',
    );
  });

  test("shows what a hostile host says as text, wherever it stands", () => {
    const hostile = reportPage(HOSTILE_REPORT, AT);
    const shown =
      "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&#39;&amp;\\u202e\\u001b[2J\\u0000";
    // System, version, file, reason; the kind in the row, its link, the heading and the label; four lines of the diff.
    expect(hostile.split(shown)).toHaveLength(1 + 4 + 4 + 4);
    expect(hostile).not.toContain("alert(1)</script>");
    expect(hostile.match(/<script>/g)).toHaveLength(1);
    expect(hostile).not.toMatch(/[\u0000\u001b\u202e]/);
  });
});

describe("markup", () => {
  test("escapes texts and numbers, keeps markup, and joins lists of it", () => {
    const items = ["<a>", "b"].map((text) => markup`<li>${text}</li>`);
    expect(markup`<ul class="${'"'}">${items}</ul>${1}`.text).toBe(
      '<ul class="&quot;"><li>&lt;a&gt;</li><li>b</li></ul>1',
    );
  });
});

test("plain text keeps letters of every language, and line feeds only where there can be several lines", () => {
  expect(plain("Größe 大 é\n\t")).toBe("Größe 大 é\\u000a\\u0009");
  expect(plain("a\n\tb\r\u2028", true)).toBe("a\n\tb\\u000d\\u2028");
  expect(plain(HOSTILE)).toContain("<script>");
});
