/** A time in UTC as nanoseconds since the epoch: RFC 3339 has as many digits as the writer took. */
export function nanoseconds(time: string): bigint {
  const [, seconds, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time)!;
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
