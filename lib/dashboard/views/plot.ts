import type { Point } from '../rates.js';
import { html } from './html.js';
import type { Html } from './html.js';

const WIDTH = 240;
const HEIGHT = 40;
const HOUR = 3_600_000;

/** The last hour of a value as a line; its label says in words what it shows. */
export function plot(
  label: string,
  points: readonly Point[],
  say: (value: number) => string,
): Html {
  const last = points.at(-1);
  if (last === undefined || points.length < 2)
    return html`<p class="plot-empty">No samples yet</p>`;
  const most = Math.max(...points.map(({ value }) => value));
  const scale = most === 0 ? 0 : (HEIGHT - 4) / most;
  // Of a young process the plot shows what there is, not an empty hour.
  const span = Math.min(HOUR, Math.max(60_000, points[0]!.ago));
  const line = points
    .map(
      ({ ago, value }) => `${round(WIDTH * (1 - ago / span))},${round(HEIGHT - 2 - value * scale)}`,
    )
    .join(' ');
  const text = `${label}: now ${say(last.value)}, at most ${say(most)} in the last ${Math.round(span / 60_000)} min`;
  return html`<svg
      class="plot"
      viewBox="0 0 ${WIDTH} ${HEIGHT}"
      role="img"
      aria-label="${text}"
      preserveAspectRatio="none"
    >
      <polyline points="${line}"></polyline>
    </svg>
    <p class="plot-text">now ${say(last.value)} · at most ${say(most)}</p>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
