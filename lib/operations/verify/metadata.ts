import { prepareMetadata } from '../../contract/append-metadata.js';
import type { Verification } from './problem.js';

/** Metadata is what an append can have had: an object, with the correlation and the cause that stand beside it. */
export async function verifyMetadata({ read, tell }: Verification): Promise<void> {
  if (!(await read.hasTable('nestjs_factstr_metadata'))) return;
  const sql = `SELECT first_sequence_number, causation, correlation, metadata FROM nestjs_factstr_metadata
ORDER BY first_sequence_number`;
  for await (const [first, causation, correlation, text] of read.rows(sql)) {
    const says = problemOf(first!, causation ?? null, correlation ?? null, text);
    if (says === undefined) continue;
    await tell({
      check: 'appends',
      row: `nestjs_factstr_metadata ${first}`,
      says,
      wayOut: 'mend the row by what the application knows of that append, or restore the database from a backup', // prettier-ignore
    });
  }
}

function problemOf(
  first: string,
  causation: string | null,
  correlation: string | null,
  text: string | null | undefined,
): string | undefined {
  let prepared: ReturnType<typeof prepareMetadata>;
  try {
    prepared = prepareMetadata(JSON.parse(text ?? ''));
  } catch {
    prepared = null;
  }
  if (prepared === null) return 'its metadata is no JSON object that an append can have had';
  if (causation !== (prepared.causation?.toString() ?? null)) {
    return 'its causation is not the one in its metadata';
  }
  if (correlation !== prepared.correlation) return 'its correlation is not the one in its metadata';
  if (prepared.causation === null || prepared.causation < BigInt(first)) return undefined;
  return `it follows from fact ${causation}, which is not before it`;
}
