import type { RecordedCall, Version } from './history.types.js';

/** Names a call in an explanation: who, what, when. */
export function nameOf({ client, call, start, end }: RecordedCall): string {
  const size = call.kind === 'query' ? '' : ` of ${count(call.events.length, 'fact')}`;
  const id =
    call.kind !== 'query' && call.appendId !== undefined
      ? ` with id ${JSON.stringify(call.appendId)}`
      : '';
  const time = end === undefined ? `from ${start} µs, unanswered` : `${start} to ${end} µs`;
  return `The ${call.kind}${size}${id} by ${client} (${time})`;
}

export function versionText(version: Version): string {
  return version === null ? 'none' : String(version);
}

export function rangeText(first: number, last: number): string {
  return first === last ? `${first}` : `${first} to ${last}`;
}

export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
