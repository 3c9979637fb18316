/**
 * Judges what consumers got, one list of ids in the order of arrival for each place that promises an order (a partition, a
 * queue, a key).
 */
export function judge(
  sent: readonly string[],
  received: readonly (readonly string[])[],
): { lost: number; repeated: number; reordered: number } {
  const seen = new Set<string>();
  let [repeated, reordered] = [0, 0];
  for (const ids of received) {
    let newest = 0n;
    for (const id of ids) {
      if (seen.has(id)) {
        repeated++;
        continue;
      }
      seen.add(id);
      if (BigInt(id) < newest) reordered++;
      else newest = BigInt(id);
    }
  }
  return { lost: sent.filter((id) => !seen.has(id)).length, repeated, reordered };
}
