import { metadataIn } from '../../contract/append-metadata.js';
import type { MetadataRow, PreparedMetadata } from '../../contract/append-metadata.js';
import type {
  AppendResult,
  CausedAppend,
  FactMetadata,
  MetadataReader,
} from '../../contract/contract.types.js';

/** The metadata of the appends of one memory store. */
export class MemoryMetadata implements MetadataReader {
  /** In the order of the log. */
  readonly #rows: MetadataRow[] = [];
  readonly #caused = new Map<bigint, CausedAppend[]>();

  add({ text, causation }: PreparedMetadata, result: AppendResult): void {
    const { first_sequence_number, last_sequence_number } = result;
    this.#rows.push({ first: first_sequence_number, last: last_sequence_number, text });
    if (causation === null || causation >= first_sequence_number) return;
    const caused = { first_sequence_number, last_sequence_number, causation };
    const known = this.#caused.get(causation);
    if (known === undefined) this.#caused.set(causation, [caused]);
    else known.push(caused);
  }

  of(numbers: readonly bigint[]): (FactMetadata | null)[] {
    return metadataIn(this.#rows, numbers);
  }

  causedBy(numbers: readonly bigint[], limit: number): CausedAppend[] {
    const found = [...new Set(numbers)].flatMap((number) => this.#caused.get(number) ?? []);
    return found.sort(inOrder).slice(0, limit);
  }
}

function inOrder(one: CausedAppend, other: CausedAppend): number {
  return one.first_sequence_number < other.first_sequence_number ? -1 : 1;
}
