import { ratio, median } from '../measure/statistics.mjs';
import { workloads } from '../workloads/workloads.mjs';

/** How a round is read, by what its workload measures. */
const READ = {
  facts: (round) => (round.facts / round.milliseconds) * 1_000,
  operations: (round) => (round.operations / round.milliseconds) * 1_000,
  latency: (round) => round.p50,
  megabytes: (round) => round.megabytes,
  duration: (round) => round.milliseconds,
  turn: (round) => round.longest,
};
const REFERENCES = ['floor', 'ours', 'service'];

export function metricOf(result) {
  return result.metric ?? workloads.find(({ id }) => id === result.workload).metric;
}

export const readOf = (result) => READ[metricOf(result)];

/** The median of what a result measured; undefined where nothing was. */
export function valueOf(result) {
  if (result === undefined) return undefined;
  return median(result.rounds.filter(Boolean).map(readOf(result)));
}

/** Median over the rounds that both have. */
export function ratioOf(result, reference) {
  if (result === undefined || reference === undefined) return undefined;
  return ratio(result.rounds, reference.rounds, readOf(result));
}

/** Whom the others of a row are compared with: the floor, else our store. */
export function referenceOf(row) {
  return REFERENCES.map((id) => row.find((result) => result.id === id)).find(
    (result) => result !== undefined && result.rounds.length > 0,
  );
}

export const sum = (result, member) =>
  result.rounds.reduce((total, round) => total + (round?.[member] ?? 0), 0);

/** Ratio first, then the value, then how often it was done. */
export function cell(result, row) {
  if (result === undefined) return '–';
  if (result.rounds.length === 0) return 'failed';
  const value = valueOf(result);
  const count = `<sub>n ${number(sum(result, 'operations'))}</sub>`;
  const metric = metricOf(result);
  if (metric === 'megabytes') return `${value.toFixed(0)} MB`;
  if (metric === 'duration' || metric === 'turn') return `${number(value)} ms`;
  if (metric === 'latency') return `${latencies(result)} ${count}`;
  const reference = referenceOf(row);
  const times = ratioOf(result, reference);
  const compared =
    reference === result || times === undefined ? '' : `**${significant(times)}** · `;
  return `${compared}${number(value)}/s ${count}`;
}

export function plainCell(result, row) {
  return (
    cell(result, row).replaceAll(/\*\*|<\/?sub>/g, '') +
    (result.failure ? `: ${result.failure}` : '')
  );
}

function latencies({ rounds }) {
  const of = (read) => significant(median(rounds.filter(Boolean).map(read)));
  const text = `p50 ${of((round) => round.p50)}, p99 ${of((round) => round.p99)} ms`;
  if (rounds.find(Boolean).call === undefined) return text;
  return `${text} (${of((round) => round.call.p50)}, ${of((round) => round.call.p99)})`;
}

export function number(value) {
  return value >= 100 ? Math.round(value).toLocaleString('en') : significant(value);
}

export function significant(value) {
  if (value === 0) return '0';
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(2)).toString();
}
