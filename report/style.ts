/** The page's style, light and dark as the browser prefers. A state's colour never stands without its name. */
export const STYLE = `
:root {
  --back: #fff; --text: #1b1f24; --quiet: #545d68; --line: #c9d1d9; --link: #0550ae; --code: #f3f5f7;
  --added: #0f5323; --on-added: #dff5e3; --removed: #82071e; --on-removed: #ffe6e3;
  --in-sync: #1f883d; --edited: #8250df; --drifted: #bc6c00; --stopped: #bf3989; --missing: #0969da;
  --unreachable: #59636e; --refused: #cf222e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #12161c; --text: #e6eaef; --quiet: #a3adb8; --line: #3a424c; --link: #79b8ff; --code: #1c222a;
    --added: #8ce99a; --on-added: #12301b; --removed: #ffb3ad; --on-removed: #3d1618;
    --in-sync: #3fb950; --edited: #bc8cff; --drifted: #e3a008; --stopped: #f778ba; --missing: #58a6ff;
    --unreachable: #9aa4af; --refused: #ff7b72;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 100rem; padding: 1rem 1.5rem 3rem; background: var(--back); color: var(--text);
  font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.25rem 0 .4rem; overflow-wrap: anywhere; }
header p { margin: .25rem 0 1rem; color: var(--quiet); }
a { color: var(--link); }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { margin: 0 0 .5rem; padding: .5rem .75rem; background: var(--code); border-radius: .3rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
pre.scrolls { white-space: pre; overflow-wrap: normal; }
.scrolls { position: relative; overflow-x: auto; }
.summary { display: block; width: 100%; height: 1.5rem; border-radius: .3rem; }
#filters { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: center; margin: 1rem 0; }
#filters fieldset { border: 0; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
#filters legend { float: left; margin-right: 1rem; font-weight: 600; }
#filters label { white-space: nowrap; }
#filters p { margin: 0; color: var(--quiet); }
input { font: inherit; accent-color: var(--link); }
input[type="search"] { padding: .2rem .4rem; border: 1px solid var(--quiet); border-radius: .3rem; background: var(--back);
  color: inherit; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 600; white-space: nowrap; }
td:nth-child(6), td:nth-child(7) { white-space: nowrap; }
td code { display: block; }
.is { font-weight: 400; color: var(--quiet); }
.mark { display: inline-block; width: .75em; height: .75em; margin-right: .4em; border-radius: 50%; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
ins, del { text-decoration: none; display: inline-block; min-width: 100%; }
ins { color: var(--added); background: var(--on-added); }
del { color: var(--removed); background: var(--on-removed); }
.in-sync { fill: var(--in-sync); background: var(--in-sync); }
.edited-by-others { fill: var(--edited); background: var(--edited); }
.drifted { fill: var(--drifted); background: var(--drifted); }
.not-running { fill: var(--stopped); background: var(--stopped); }
.missing { fill: var(--missing); background: var(--missing); }
.unreachable { fill: var(--unreachable); background: var(--unreachable); }
.refused { fill: var(--refused); background: var(--refused); }
[hidden] { display: none !important; }
`;
