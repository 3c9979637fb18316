import { createHash } from 'node:crypto';
import { GROUP_BODY, GROUP_HEAD } from './postgres.group-function.js';
import { LOOK, SETTINGS, TURN } from './postgres.append-turn.js';
import { dollarQuote, quoteIdentifier, quoteLiteral } from './postgres.sql-text.js';

/**
 * One unconditional append without an id: what most calls of a single caller are. Returns `head head_at at`, as one
 * text: a row would cost more.
 */
const ONE_HEAD = `CREATE FUNCTION {schema}.{name}(
  in_types text[],
  in_payloads text[],
  in_sparse boolean,
  in_lock_timeout text
) RETURNS text ${SETTINGS}`;

const ONE_BODY = `
DECLARE
  out_head bigint;
  out_head_at text;
  head_at timestamptz;
  committed_at timestamptz;
  facts integer := cardinality(in_types);
BEGIN
  ${TURN}
  ${LOOK}
  committed_at := clock_timestamp();
  IF facts = 1 THEN
    INSERT INTO {schema}.events (sequence_number, occurred_at, event_type, payload)
    VALUES (out_head + 1, committed_at, in_types[1], in_payloads[1]::jsonb);
  ELSE
    INSERT INTO {schema}.events (sequence_number, occurred_at, event_type, payload)
    SELECT out_head + f.place, committed_at, f.event_type, f.payload::jsonb
    FROM unnest(in_types, in_payloads) WITH ORDINALITY AS f (event_type, payload, place);
  END IF;
  IF facts > 1 OR NOT in_sparse THEN
    INSERT INTO {schema}.append_batches (first_sequence_number, last_sequence_number)
    VALUES (out_head + 1, out_head + facts);
  END IF;
  RETURN concat_ws(' ', out_head, coalesce(out_head_at, '-'), extract(epoch FROM committed_at));
END`;

export interface AppendFunction {
  readonly name: string;
  /** Its arguments' types, as GRANT wants them. */
  readonly arguments: string;
  readonly head: string;
  readonly body: string;
}

export const APPEND_ONE = appendFunction('append', ONE_HEAD, ONE_BODY);
export const APPEND_GROUP = appendFunction('append_group', GROUP_HEAD, GROUP_BODY);
export const APPEND_FUNCTIONS: readonly AppendFunction[] = [APPEND_ONE, APPEND_GROUP];

export function createFunctionSql(schema: string, { name, head, body }: AppendFunction): string {
  const filled = (template: string): string =>
    template
      .replaceAll('{schema}', () => quoteIdentifier(schema))
      .replaceAll('{lock}', () => quoteLiteral(`nestjs-factstr append ${schema}`));
  return filled(head)
    .replace('{name}', name)
    .replace('{body}', () => dollarQuote(filled(body)));
}

/** Never replaced: another text is another name, so that two versions of the application can run beside each other. */
function appendFunction(name: string, head: string, body: string): AppendFunction {
  const hash = createHash('sha256')
    .update(head + body)
    .digest('hex');
  const inputs = [...head.matchAll(/^ {2}in_\w+ ([a-z[\]]+)/gm)].map(([, type]) => type!);
  return {
    name: `nestjs_factstr_${name}_${hash.slice(0, 12)}`,
    arguments: inputs.join(', '),
    head,
    body,
  };
}
