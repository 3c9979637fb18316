/** A number with its thousands set apart. */
export function count(value: bigint | number | null): string {
  return value === null ? 'not known' : value.toLocaleString('en-US');
}

const UNITS: readonly (readonly [milliseconds: number, name: string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

/** Milliseconds as people say them: “3 min 20 s”. */
export function span(milliseconds: number | null): string {
  if (milliseconds === null) return 'not known';
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const first = UNITS.findIndex(([size]) => milliseconds >= size);
  const [size, name] = UNITS[first]!;
  const whole = Math.floor(milliseconds / size);
  const next = UNITS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((milliseconds % size) / next[0]);
  return rest > 0 && whole < 10 ? `${whole} ${name} ${rest} ${next![1]}` : `${whole} ${name}`;
}

/** “1 fact”, “2 facts”. */
export function some(value: bigint | number, one: string): string {
  return `${count(value)} ${one}${Number(value) === 1 ? '' : 's'}`;
}

/** A time of RFC 3339 as people read it, to the second, in UTC. */
export function moment(time: string): string {
  const at = new Date(time);
  return Number.isNaN(at.getTime())
    ? time
    : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
