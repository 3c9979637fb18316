import { EVERY_FACT } from '../../contract/validation.js';
import type { FactCodec } from '../../contract/fact-codec.js';
import type { OperatorDatabase } from '../database/database.types.js';
import { readFacts, readHead } from '../facts/read-facts.js';
import { verifyCursors } from './cursors.js';
import { verifyIndex } from './index-tables.js';
import { verifyAppends, verifyBatches, verifyFacts } from './log.js';
import type { Problem, Verification } from './problem.js';

export interface VerifyOptions {
  /** Reads every payload, and the context index's chunks. */
  readonly deep?: boolean | undefined;
  /** The application's schemas: each fact has to be readable by them. Reads every payload. */
  readonly codec?: FactCodec | undefined;
  readonly onProblem: (problem: Problem) => Promise<void>;
  /** How many facts were read, of how many. */
  readonly onProgress?: ((read: number, head: number) => void) | undefined;
}

export interface Verified {
  readonly head: bigint;
  readonly problems: number;
  /** Facts that the context index does not cover yet; `undefined` where there is none. */
  readonly unindexed: bigint | undefined;
}

/** Checks a database on one snapshot: what is appended meanwhile raises no false alarm. Nothing is changed. */
export function verify(database: OperatorDatabase, options: VerifyOptions): Promise<Verified> {
  return database.snapshot(async (read) => {
    const head = await readHead(read);
    let problems = 0;
    const tell = async (problem: Problem): Promise<void> => {
      problems++;
      await options.onProblem(problem);
    };
    const verification: Verification = { read, head, tell };
    await verifyFacts(verification);
    await verifyBatches(verification);
    await verifyAppends(verification);
    await verifyCursors(verification);
    const unindexed = await verifyIndex(verification, options.deep === true);
    if (options.deep || options.codec !== undefined) await verifyPayloads(verification, options);
    return { head, problems, unindexed };
  });
}

async function verifyPayloads(
  { read, head, tell }: Verification,
  { codec, onProgress }: VerifyOptions,
): Promise<void> {
  let count = 0;
  for await (const fact of readFacts(read, EVERY_FACT, { after: 0n, upTo: head })) {
    onProgress?.(++count, Number(head));
    if (codec?.knows(fact.event_type) !== true) continue;
    try {
      codec.decode({ ...fact, payload: JSON.parse(fact.payload) as unknown });
    } catch (error) {
      await tell({
        check: 'schema',
        row: `events ${fact.sequence_number}`,
        says: error instanceof Error ? error.message : 'it cannot be read',
        wayOut: 'let an upcast of its type read it; see facts.md',
      });
    }
  }
}
