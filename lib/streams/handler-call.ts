import type { AsyncResource } from 'node:async_hooks';
import type { EventRecord, StreamHandler } from '../contract/contract.types.js';
import { StreamHandlerError } from '../contract/errors.js';
import { cleanContext } from './clean-context.js';

/** Calls one stream's handler in an async context of its own. */
export class HandlerCall {
  readonly #handle: StreamHandler;
  readonly #context: AsyncResource = cleanContext();

  constructor(handle: StreamHandler) {
    this.#handle = handle;
  }

  /** @throws StreamHandlerError on a throw, a rejection, and any result but `undefined` and `true` */
  async deliver(records: readonly EventRecord[], stream: string): Promise<void> {
    let result: unknown;
    try {
      result = await this.#context.runInAsyncScope(this.#handle, undefined, records);
    } catch (cause) {
      throw new StreamHandlerError(`The handler of ${stream} failed on ${range(records)}.`, {
        cause,
      });
    }
    if (result !== undefined && result !== true) {
      throw new StreamHandlerError(
        `The handler of ${stream} returned ${String(result === false ? false : typeof result)} for ${range(records)}; success is undefined or true.`,
      );
    }
  }
}

function range(records: readonly EventRecord[]): string {
  const first = records[0]!.sequence_number;
  const last = records.at(-1)!.sequence_number;
  return first === last ? `fact ${first}` : `facts ${first} to ${last}`;
}
