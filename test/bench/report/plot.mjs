import { decideCase } from '../workloads/decide.mjs';
import { valueOf } from './cells.mjs';

const WIDTH = 760;
const HEIGHT = 440;
const AREA = { left: 76, right: 600, top: 56, bottom: 384 };
/** Between two labels. */
const LINE = 16;

/** Who, by colour; where, by the line and its marks. */
const SERIES = [
  { id: 'factstr', engine: 'sqlite', label: 'FACTSTR, SQLite' },
  { id: 'factstr', engine: 'postgres', label: 'FACTSTR, Postgres' },
  { id: 'dcb-es', engine: 'postgres', label: 'dcb-es, Postgres' },
  { id: 'ours', engine: 'postgres', label: 'ours, Postgres' },
  { id: 'ours', engine: 'sqlite', label: 'ours, SQLite' },
  { id: 'ours', engine: 'memory', label: 'ours, memory' },
];
const DASHES = { sqlite: '', postgres: '7 4', memory: '2 4' };

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 15px; font-weight: 600; }
  .tick { font-size: 12px; fill: var(--soft); }
  .surface { fill: var(--surface); }
  .grid { stroke: var(--grid); stroke-width: 1; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  .ours { --hue: var(--blue); } .factstr { --hue: var(--orange); } .dcb-es { --hue: var(--green); }
  .line { stroke: var(--hue); } .mark { fill: var(--hue); stroke: var(--surface); stroke-width: 2; }
  .leader { stroke: var(--hue); stroke-width: 1; opacity: 0.6; }
  svg {
    --surface: #fcfcfb; --ink: #0b0b0b; --soft: #52514e; --grid: #e1e0d9;
    --blue: #2a78d6; --orange: #eb6834; --green: #1baf7a;
  }
  @media (prefers-color-scheme: dark) {
    svg {
      --surface: #1a1a19; --ink: #ffffff; --soft: #c3c2b7; --grid: #2c2c2a;
      --blue: #3987e5; --orange: #d95926; --green: #199e70;
    }
  }`;

/** The cost of a decision by the size of the store, as SVG; both axes are logarithmic. */
export function plot(results) {
  const lines = SERIES.map((series) => ({ ...series, points: pointsOf(results, series) })).filter(
    ({ points }) => points.length > 0,
  );
  const sizes = lines.flatMap(({ points }) => points.map(([size]) => size));
  const costs = lines.flatMap(({ points }) => points.map(([, cost]) => cost));
  if (costs.length === 0) return svg(text(AREA.left, 30, 'title', 'Nothing was measured.'));
  const x = axis(sizes, AREA.left, AREA.right);
  const y = axis(costs, AREA.bottom, AREA.top);
  const placed = spread(lines.map((line) => ({ ...line, at: y.place(line.points.at(-1)[1]) })));
  return svg(
    text(20, 28, 'title', 'query + appendIf on a narrow context: time of one decision'),
    ...y.decades.map((cost) => gridLine(AREA.left, y.place(cost), AREA.right, y.place(cost))),
    ...y.decades.map((cost) => text(AREA.left - 10, y.place(cost) + 4, 'tick', time(cost), 'end')),
    ...x.decades.map((size) =>
      text(x.place(size), AREA.bottom + 22, 'tick', size.toLocaleString('en'), 'middle'),
    ),
    text((AREA.left + AREA.right) / 2, AREA.bottom + 44, 'tick', 'facts in the store', 'middle'),
    ...placed.map((line) => drawn(line, x, y)),
  );
}

function pointsOf(results, { id, engine }) {
  return results
    .filter(
      (result) => result.workload === 'decide' && result.id === id && result.engine === engine,
    )
    .flatMap((result) => {
      const size = Number(result.case.match(/^narrow, ([\d,]+) facts$/)?.[1].replaceAll(',', ''));
      const rate = valueOf(result);
      const fits = result.case === decideCase('narrow', size) && rate !== undefined;
      return fits ? [[size, 1_000 / rate]] : [];
    });
}

/** Whole decades around the values. */
function axis(values, from, to) {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  const decades = Array.from({ length: high - low + 1 }, (_, n) => 10 ** (low + n));
  return {
    decades,
    place: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
  };
}

/** Labels beside their lines' ends, none upon another. */
function spread(lines) {
  const sorted = lines.toSorted((a, b) => a.at - b.at);
  let last = -Infinity;
  for (const line of sorted) last = line.label_at = Math.max(line.at, last + LINE);
  let limit = AREA.bottom;
  for (const line of sorted.toReversed()) {
    line.label_at = Math.min(line.label_at, limit);
    limit = line.label_at - LINE;
  }
  return sorted;
}

function drawn({ id, engine, label, points, at, label_at }, x, y) {
  const places = points.map(([size, cost]) => [x.place(size), y.place(cost)].map(round));
  const end = places.at(-1)[0];
  const dash = DASHES[engine] && ` stroke-dasharray="${DASHES[engine]}"`;
  return `<g class="${id}">
    <polyline class="line"${dash} points="${places.map((place) => place.join(',')).join(' ')}"/>
    ${places.map(([px, py]) => mark(engine, px, py)).join('')}
    <line class="leader" x1="${end + 8}" y1="${round(at)}" x2="${AREA.right + 20}" y2="${round(label_at)}"/>
    ${text(AREA.right + 26, label_at + 4, '', label)}
  </g>`;
}

function mark(engine, x, y) {
  if (engine === 'sqlite') return `<circle class="mark" cx="${x}" cy="${y}" r="5"/>`;
  if (engine === 'postgres') {
    return `<rect class="mark" x="${x - 4.5}" y="${y - 4.5}" width="9" height="9"/>`;
  }
  return `<path class="mark" d="M${x} ${y - 6} l6 10 h-12 z"/>`;
}

const round = (value) => Math.round(value * 10) / 10;

function gridLine(x1, y1, x2, y2) {
  return `<line class="grid" x1="${x1}" y1="${round(y1)}" x2="${x2}" y2="${round(y2)}"/>`;
}

function text(x, y, className, content, anchor = 'start') {
  return `<text class="${className}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${content}</text>`;
}

/** Milliseconds, in the unit that suits them. */
function time(milliseconds) {
  if (milliseconds >= 999) return `${Math.round(milliseconds / 1_000)} s`;
  if (milliseconds >= 0.999) return `${Math.round(milliseconds)} ms`;
  return `${Math.round(milliseconds * 1_000)} µs`;
}

function svg(...content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
  <title>The time of query and appendIf on a narrow context, by the number of facts in the store</title>
  <style>${STYLE}
  </style>
  <rect class="surface" width="${WIDTH}" height="${HEIGHT}"/>
  ${content.join('\n  ')}
</svg>
`;
}
