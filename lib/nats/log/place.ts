/** Where a view stands in the stream, as its note keeps it. */
export interface Place {
  /** Of the log, as its first message says. */
  readonly log: string;
  readonly append_id_retention: number;
  /** The number of the last message that was applied; the first message of the log says what it is. */
  readonly seq: number;
  /** That message's name. */
  readonly name: string;
  /** The log's time at that message, in milliseconds since 1970. It never goes back. */
  readonly time: number;
}

/** The note of a place. */
export function noteOf(place: Place): string {
  return JSON.stringify(place);
}

/** The place of a note; `undefined` for one that this release did not write. */
export function placeOf(note: string | null): Place | undefined {
  if (note === null) return undefined;
  try {
    const place = JSON.parse(note) as Partial<Place>;
    const isWhole =
      typeof place.log === 'string' &&
      typeof place.append_id_retention === 'number' &&
      Number.isSafeInteger(place.seq) &&
      typeof place.name === 'string' &&
      typeof place.time === 'number';
    return isWhole ? (place as Place) : undefined;
  } catch {
    return undefined;
  }
}
