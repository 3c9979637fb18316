import type { EventRecord, StreamHandler } from '../contract/contract.types.js';
import { StreamHandlerError } from '../contract/errors.js';
import { decoded } from '../contract/fact-codec.js';
import type { FactCodec } from '../contract/fact-codec.js';
import { CleanContext } from './clean-context.js';

/** Told of a delivery that failed, and why. */
export type FailedDelivery = (facts: readonly EventRecord[], error: unknown) => void;

/** Calls one stream's handler in an async context of its own. */
export class HandlerCall {
  readonly #handle: StreamHandler;
  readonly #codec: FactCodec | undefined;
  readonly #context = new CleanContext();

  constructor(handle: StreamHandler, codec?: FactCodec) {
    this.#handle = handle;
    this.#codec = codec;
  }

  /** @throws StreamHandlerError on a throw, a rejection and `false`, also as a promise */
  async deliver(records: readonly EventRecord[], stream: string): Promise<void> {
    let result: unknown;
    try {
      const handle = this.#handle;
      // An array of its own: the records are shared, and the array may be.
      result = await this.#context.run<unknown>(() => handle([...decoded(records, this.#codec)]));
    } catch (cause) {
      throw new StreamHandlerError(`The handler of ${stream} failed on ${range(records)}.`, {
        cause,
      });
    }
    if (result === false) {
      throw new StreamHandlerError(
        `The handler of ${stream} returned false for ${range(records)}, which says that it failed.`,
      );
    }
  }
}

function range(records: readonly EventRecord[]): string {
  const first = records[0]!.sequence_number;
  const last = records.at(-1)!.sequence_number;
  return first === last ? `fact ${first}` : `facts ${first} to ${last}`;
}
