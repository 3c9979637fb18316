import type { NewEvent } from '../../contract/contract.types.js';
import { differences, shownFacts } from './shown.js';

/** A fact's type, and its payload as the log stores it. */
export function asStored({ event_type, payload }: NewEvent): NewEvent {
  const text = JSON.stringify(payload) as string | undefined;
  return { event_type, payload: text === undefined ? undefined : (JSON.parse(text) as unknown) };
}

/** How facts differ from those expected, in words; `undefined` where types and payloads are the same. */
export function factsDiffer(
  expected: readonly NewEvent[],
  actual: readonly NewEvent[],
): string | undefined {
  const [wanted, found] = [expected.map(asStored), actual.map(asStored)];
  const places =
    wanted.length === found.length
      ? wanted.flatMap((fact, index) =>
          differences(fact, found[index]).map((place) => `  fact ${index + 1}: ${place}`),
        )
      : [`  expected ${countOf(wanted)}, found ${countOf(found)}`];
  if (places.length === 0) return undefined;
  return `expected:\n${shownFacts(wanted)}\nfound:\n${shownFacts(found)}\ndifference:\n${places.join('\n')}`;
}

function countOf(facts: readonly NewEvent[]): string {
  return facts.length === 1 ? 'one fact' : `${facts.length} facts`;
}
