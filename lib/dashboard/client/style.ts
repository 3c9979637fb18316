/** The page's stylesheet. */
export const STYLE = `:root {
  color-scheme: light dark;
  --paper: #f6f7f9;
  --card: #ffffff;
  --ink: #1b1f24;
  --quiet: #545d68;
  --line: #d5dae1;
  --accent: #0b57b0;
  --good: #1a6b34;
  --bad: #a8201a;
  --bad-paper: #fdf0ef;
  --busy: #7a4d00;
  font: 16px/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b;
    --card: #1d2126;
    --ink: #e6e9ed;
    --quiet: #a6b0bb;
    --line: #3a414a;
    --accent: #8ab8ff;
    --good: #7fd497;
    --bad: #ff9d94;
    --bad-paper: #33201f;
    --busy: #f0c36d;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: 8px; top: -60px; background: var(--card); padding: 8px 12px; }
.skip:focus { top: 8px; }
header { display: flex; flex-wrap: wrap; gap: 4px 24px; align-items: center; padding: 8px 24px; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { font-weight: 700; margin: 0; }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px; }
nav a { padding: 6px 0; text-decoration: none; }
nav a:hover { text-decoration: underline; }
nav a[aria-current] { color: var(--ink); font-weight: 600; box-shadow: 0 2px 0 var(--accent); }
#connection { margin: 0 0 0 auto; color: var(--quiet); font-size: 14px; }
#connection[data-state='live'] { color: var(--good); }
#connection[data-state='lost'] { color: var(--bad); font-weight: 600; }
main { max-width: 1080px; margin: 0 auto; padding: 16px 24px 64px; }
h1 { font-size: 26px; line-height: 1.2; margin: 8px 0 16px; }
h2 { font-size: 18px; margin: 28px 0 8px; }
h3, .states h2, .cards h2 { font-size: 16px; margin: 0 0 4px; }
h4, .cards > li h3 { font-size: 13px; font-weight: 600; margin: 12px 0 0; color: var(--quiet); }
p { margin: 4px 0; }
.summary, .notice, .failure { padding: 8px 12px; border-left: 4px solid var(--good); background: var(--card); }
.summary.bad, .failure { border-color: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); gap: 16px; padding: 0; margin: 0; list-style: none; }
.summary + .cards { margin-top: 16px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; min-width: 0; }
.card.problem { border-color: var(--bad); background: var(--bad-paper); }
.big { font-size: 26px; font-weight: 600; font-variant-numeric: tabular-nums; }
.badge { font-size: 13px; font-weight: 600; padding: 1px 8px; border: 1px solid currentColor; border-radius: 10px; white-space: nowrap; }
.badge.good { color: var(--good); }
.badge.bad { color: var(--bad); }
.badge.busy { color: var(--busy); }
.error, .why { font-size: 14px; }
.error { color: var(--bad); }
.label { font-weight: 600; }
.facts-of { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 4px 16px; margin: 8px 0 0; }
.facts-of.wide { grid-template-columns: repeat(auto-fill, minmax(min(260px, 100%), 1fr)); gap: 12px 24px; }
dt { font-size: 13px; color: var(--quiet); }
dd { margin: 0; font-variant-numeric: tabular-nums; }
.plot { display: block; width: 100%; height: 40px; background: linear-gradient(var(--line), var(--line)) bottom / 100% 1px no-repeat; }
.plot polyline { fill: none; stroke: var(--accent); stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.plot-text, .plot-empty, .hint, .when { font-size: 13px; color: var(--quiet); }
.actions { display: flex; flex-wrap: wrap; gap: 8px; align-items: flex-start; margin: 16px 0; }
button, input, select { font: inherit; color: inherit; min-height: 36px; padding: 4px 12px; border: 1px solid var(--quiet); border-radius: 6px; background: var(--card); max-width: 100%; }
button { cursor: pointer; font-weight: 600; }
button:hover { border-color: var(--accent); }
button[aria-pressed='true'] { background: var(--accent); color: var(--card); }
.grave { color: var(--bad); border-color: var(--bad); }
summary { cursor: pointer; padding: 4px 8px; min-height: 36px; }
.search { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: end; }
.search label { display: grid; font-size: 13px; color: var(--quiet); min-width: 0; }
.search input, .search select { color: var(--ink); }
.rows { list-style: none; margin: 8px 0; padding: 0; }
.rows li { padding: 6px 0; border-bottom: 1px solid var(--line); }
.rows .nested { padding-left: 24px; border: 0; }
code, pre { font: 14px/1.45 ui-monospace, monospace; }
pre { background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 12px; margin: 4px 0; white-space: pre-wrap; max-height: 480px; overflow: auto; }
.payload { color: var(--quiet); }
.steps { padding-left: 24px; }
.states { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(280px, 100%), 1fr)); gap: 8px 16px; }
progress { width: 160px; max-width: 100%; vertical-align: middle; }
@media (max-width: 600px) {
  header, main { padding-left: 16px; padding-right: 16px; }
}
`;

/** The page's icon: a log of facts. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#0b57b0"/><path d="M8 10h16M8 16h16M8 22h9" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>
`;
