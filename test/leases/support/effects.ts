import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { EventRecord, ProjectionContext } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';

/** A table of its own for what handlers did, by projection and fact; `times` tells repetitions. */
export type EffectsTask = Database & {
  /** Whether handlers write in the transaction that moves their cursor. */
  transactional?: boolean;
};

export type Database = { kind: 'postgres'; url: string } | { kind: 'sqlite'; path: string };

export interface Effects {
  /** Idempotent: a fact that comes again is counted, and changes nothing else. */
  apply(
    projection: string,
    facts: readonly EventRecord[],
    context: ProjectionContext,
  ): Promise<void>;
}

const COLUMNS = `projection TEXT, sequence_number BIGINT, times BIGINT,
  PRIMARY KEY (projection, sequence_number)`;
const UPSERT = `ON CONFLICT (projection, sequence_number) DO UPDATE SET times = effects.times + 1`;

/** To be called once before the processes start. */
export async function createEffects(task: EffectsTask): Promise<void> {
  await run(task, `CREATE TABLE effects (${COLUMNS})`);
}

/** Of each projection how many facts it has seen, their sum, and how many came more than once. */
export async function readEffects(task: EffectsTask): Promise<Record<string, number[]>> {
  const rows = await run(
    task,
    `SELECT projection, count(*), sum(sequence_number), sum(CASE WHEN times > 1 THEN 1 ELSE 0 END)
FROM effects GROUP BY projection ORDER BY projection`,
  );
  return Object.fromEntries(rows.map(([name, ...numbers]) => [name, numbers.map(Number)]));
}

export async function openEffects(task: EffectsTask): Promise<Effects> {
  if (task.transactional === true) return transactionalEffects(task);
  if (task.kind === 'sqlite') {
    const database = new Sqlite(task.path, { timeout: 5_000 });
    database.pragma('journal_mode = WAL');
    const insert = database.prepare(`INSERT INTO effects VALUES (?, ?, 1) ${UPSERT}`);
    return {
      apply: async (projection, facts) =>
        database
          .transaction(() => {
            for (const { sequence_number } of facts) insert.run(projection, sequence_number);
          })
          .immediate(),
    };
  }
  const pool = new pg.Pool({ connectionString: task.url, max: 4 });
  return {
    apply: async (projection, facts) => {
      const numbers = facts.map(({ sequence_number }) => sequence_number);
      await pool.query(
        `INSERT INTO effects SELECT $1, number, 1 FROM unnest($2::bigint[]) AS number ${UPSERT}`,
        [projection, numbers],
      );
    },
  };
}

/** Through the handler's manager only: what it is given is all that may be written with. */
function transactionalEffects({ kind }: Database): Effects {
  return {
    apply: async (projection, facts, context) => {
      const { manager } = context as TransactionalContext;
      for (const { sequence_number } of facts) {
        const values = [projection, Number(sequence_number)];
        const places = kind === 'postgres' ? '$1, $2' : '?, ?';
        await manager.query(`INSERT INTO effects VALUES (${places}, 1) ${UPSERT}`, values);
      }
    },
  };
}

async function run(task: EffectsTask, sql: string): Promise<unknown[][]> {
  if (task.kind === 'sqlite') {
    const database = new Sqlite(task.path, { timeout: 5_000 });
    try {
      const statement = database.prepare<[], unknown[]>(sql);
      if (statement.reader) return statement.raw().all();
      statement.run();
      return [];
    } finally {
      database.close();
    }
  }
  const client = new pg.Client({ connectionString: task.url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows as unknown[][];
  } finally {
    await client.end();
  }
}
