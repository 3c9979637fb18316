export function median(values) {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Of ascending values. */
export function percentile(sorted, part) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
}

/** Median over the rounds that both have: rounds are interleaved, so that noise meets both. */
export function ratio(ours, theirs, read) {
  const pairs = [];
  for (const [round, own] of ours.entries()) {
    const other = theirs[round];
    if (own !== undefined && other !== undefined) pairs.push(read(own) / read(other));
  }
  return median(pairs);
}
