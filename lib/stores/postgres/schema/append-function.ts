import { createHash } from 'node:crypto';
import { GROUP_BODY, GROUP_HEAD } from './group-function.js';
import { LOOK, PRAGMA, SAME_LOG, SETTINGS, TURN } from './append-turn.js';
import { dollarQuote, quoteIdentifier, quoteLiteral } from '../connection/sql-text.js';

/**
 * One unconditional append without an id: what most calls of a single caller are. Returns `head head_at at`, as one
 * text: a row would cost more.
 */
const ONE_HEAD = `CREATE FUNCTION {schema}.{name}(
  in_types text[],
  in_payloads text[],
  in_log oid,
  in_sparse boolean,
  in_lock_timeout text
) RETURNS text ${SETTINGS}
AS {body}`;

const ONE_BODY = `
${PRAGMA}
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
  ${SAME_LOG}
  RETURN concat_ws(' ', out_head, coalesce(out_head_at, '-'), extract(epoch FROM committed_at));
END`;

/** A function of one schema. Its name is made of its text, which names the schema. */
export interface AppendFunction {
  readonly name: string;
  /** Its arguments' types, as GRANT wants them. */
  readonly arguments: string;
  readonly sql: string;
  readonly shape: FunctionShape;
}

/** What makes a function what it is, as the catalog says it. */
export interface FunctionShape {
  readonly body: string;
  /** Mode, name and type of each. */
  readonly arguments: string;
  readonly result: string;
  readonly language: string;
  /** Volatility, and whether it is strict or returns a set. */
  readonly behaviour: string;
  readonly security: string;
  readonly settings: string;
}

export interface AppendFunctions {
  readonly one: AppendFunction;
  readonly group: AppendFunction;
}

/** The functions of a schema. */
export function appendFunctions(schema: string): AppendFunctions {
  return {
    one: appendFunction(schema, 'append', ONE_HEAD, ONE_BODY),
    group: appendFunction(schema, 'append_group', GROUP_HEAD, GROUP_BODY),
  };
}

/**
 * Never replaced: another text is another name, so that two versions of the application can run beside each other.
 * The schema is a part of the text: where it was renamed, its new name gets functions of its own.
 */
function appendFunction(schema: string, kind: string, head: string, body: string): AppendFunction {
  const parts: Readonly<Record<string, string>> = {
    schema: quoteIdentifier(schema),
    lock: quoteLiteral(`nestjs-factstr append ${schema}`),
    events: quoteLiteral(`${quoteIdentifier(schema)}.events`),
  };
  // At once: a schema may be called like a part.
  const filled = (text: string, more = parts): string =>
    text.replace(/\{(\w+)\}/g, (part, key: string) => more[key] ?? part);
  const text = filled(body);
  const hash = createHash('sha256')
    .update(filled(head) + text)
    .digest('hex');
  const name = `nestjs_factstr_${kind}_${hash.slice(0, 12)}`;
  const own = [...head.matchAll(/ {2}(OUT )?(\w+) ([a-z[\]]+)/g)].map(
    ([, out, argument, type]) => ({ mode: out === undefined ? 'i' : 'o', argument, type: type! }),
  );
  return {
    name,
    arguments: own.flatMap(({ mode, type }) => (mode === 'i' ? type : [])).join(', '),
    sql: filled(head, { ...parts, name, body: dollarQuote(text) }),
    shape: {
      body: text,
      arguments: own.map(({ mode, argument, type }) => `${mode} ${argument} ${type}`).join(', '),
      result: /RETURNS (\w+)/.exec(head)?.[1] ?? 'record',
      language: 'plpgsql',
      behaviour: 'v f f f',
      security: 'f',
      settings: [...head.matchAll(/SET (\w+) = (.+)/g)]
        .map(([, key, value]) => `${key}=${value}`)
        .join(';'),
    },
  };
}
