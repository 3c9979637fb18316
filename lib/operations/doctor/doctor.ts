import { requireDriver } from '../../support/require-driver.js';
import type { OperatorDatabase } from '../database/database.types.js';
import { compareSchema } from '../schema/compare.js';
import { examinePostgresActivity } from './postgres-activity.js';
import { examinePostgresSettings } from './postgres-settings.js';
import { examinePostgresTables } from './postgres-tables.js';
import { examineSqlite } from './sqlite.js';
import { finding, good, note } from './symptom.js';
import type { Symptom, Thresholds } from './symptom.js';

/** The oldest Node on which this package runs. */
const LEAST_NODE = 22;

/** Looks for what endangers promises or stops work, on the database and around it. Nothing is changed. */
export async function examine(
  database: OperatorDatabase,
  thresholds: Thresholds,
): Promise<Symptom[]> {
  const own = [...examineNode(), examineDriver(database.provider)];
  const found = await database.snapshot(async (read) =>
    read.provider === 'sqlite'
      ? examineSqlite(read, database.label)
      : [
          ...(await examinePostgresSettings(read)),
          ...(await examinePostgresActivity(read, thresholds)),
          ...(await examinePostgresTables(read)),
        ],
  );
  return [...own, ...found, ...(await examineSchema(database))];
}

function examineNode(): Symptom[] {
  const { node } = process.versions;
  const says = `Node ${node} on ${process.platform}-${process.arch}`;
  return [
    Number.parseInt(node, 10) >= LEAST_NODE
      ? good('node', says)
      : finding('node', says, `run it on Node ${LEAST_NODE} or newer`),
  ];
}

function examineDriver(provider: 'sqlite' | 'postgres'): Symptom {
  const name = provider === 'sqlite' ? 'better-sqlite3' : 'pg';
  let version: string;
  try {
    ({ version } = requireDriver(`${name}/package.json`) as { version: string });
  } catch {
    return note('driver', `${name}, of a version that it does not tell`);
  }
  const isOld = name === 'better-sqlite3' && Number.parseInt(version, 10) < 13;
  return isOld && Number.parseInt(process.versions.node, 10) >= 24
    ? finding(
        'driver',
        `${name} ${version} aborts the process on Node 24 and newer sooner or later`,
        'npm install better-sqlite3@13',
      )
    : good('driver', `${name} ${version}`);
}

async function examineSchema(database: OperatorDatabase): Promise<Symptom[]> {
  const differences = await compareSchema(database);
  const wrong = differences.filter(({ kind }) => kind === 'different');
  const missing = differences.filter(({ kind }) => kind === 'missing');
  if (wrong.length > 0) {
    const names = wrong.map(({ object }) => object).join(', ');
    return [finding('schema', `not as this version makes it: ${names}`, 'see schema diff')];
  }
  if (missing.length === 0) return [good('schema', 'as this version makes it')];
  return [
    note(
      'schema',
      `${missing.length} objects of this version are not there yet`,
      'migrate makes them, and so does the next start of an application; see schema diff',
    ),
  ];
}
