import type { FactCodec } from '../../contract/fact-codec.js';
import type { OperatorDatabase } from '../database/database.types.js';
import { readHead } from '../facts/read-facts.js';
import { verifyCursors } from './cursors.js';
import { verifyIndex } from './context-index/tables.js';
import { verifyAppends } from './appends.js';
import { verifyInterventions } from './interventions.js';
import { verifyBatches, verifyFacts } from './log.js';
import { verifyMetadata } from './metadata.js';
import { verifyObjects } from './objects.js';
import { readableFacts, verifyReadable } from './readable-facts.js';
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
    await verifyObjects(verification);
    await verifyFacts(verification);
    await verifyBatches(verification);
    await verifyAppends(verification, options.deep === true);
    await verifyMetadata(verification);
    await verifyCursors(verification);
    await verifyInterventions(verification);
    const unindexed = await verifyIndex(verification, options.deep === true);
    if (options.deep) await verifyReadable(verification);
    if (options.deep || options.codec !== undefined) await verifyPayloads(verification, options);
    return { head, problems, unindexed };
  });
}

async function verifyPayloads(
  { read, head, tell }: Verification,
  { codec, onProgress }: VerifyOptions,
): Promise<void> {
  let count = 0;
  for await (const fact of readableFacts(read, { after: 0n, upTo: head })) {
    onProgress?.(++count, Number(head));
    if (codec?.knows(fact.event_type) !== true) continue;
    try {
      codec.decode({ ...fact, payload: fact.value });
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
