import { connect } from '../../stores/sqlite/connection/driver.js';
import { sqliteSchemaSql } from '../../stores/sqlite/schema/schema.js';
import type { SnapshotReader, TextRow } from '../database/database.types.js';
import type { SchemaDifference } from './difference.js';

const COLUMNS_QUERY = `SELECT m.name, p.name, upper(p.type), p."notnull", p.pk
FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p
WHERE m.type = 'table' ORDER BY m.rowid, p.cid`;
const OBJECTS_QUERY = `SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid`;
const MARKERS_QUERY = 'SELECT key, value FROM store_metadata ORDER BY key';
const OWN = /^nestjs_factstr_/;

/** Everything that is compared of a database. */
interface Shape {
  readonly objects: readonly TextRow[];
  readonly columns: readonly TextRow[];
  readonly markers: readonly TextRow[];
}

/** Compares what is there with a database that this version makes, in the order in which it can be made. */
export async function compareSqlite(read: SnapshotReader): Promise<SchemaDifference[]> {
  const made = shapeOfNew();
  const there: Shape = {
    objects: await all(read, OBJECTS_QUERY),
    columns: await all(read, COLUMNS_QUERY),
    markers: (await read.hasTable('store_metadata')) ? await all(read, MARKERS_QUERY) : [],
  };
  return [
    ...(await compareJournal(read)),
    ...made.objects.flatMap((object) => compareObject(object, made, there)),
    ...compareMarkers(made, there),
    ...leftOver(made, there),
  ];
}

/** Made in memory: what a new file has. */
function shapeOfNew(): Shape {
  const database = connect(':memory:', { readonly: false, fileMustExist: false });
  try {
    database.exec(sqliteSchemaSql());
    const rows = (sql: string): TextRow[] =>
      database
        .prepare<(string | number | null)[]>(sql)
        .raw()
        .all()
        .map((row) => row.map((value) => (value === null ? null : String(value))));
    return {
      objects: rows(OBJECTS_QUERY).filter(([, name]) => !name!.startsWith('sqlite_')),
      columns: rows(COLUMNS_QUERY),
      markers: rows(MARKERS_QUERY),
    };
  } finally {
    database.close();
  }
}

async function compareJournal(read: SnapshotReader): Promise<SchemaDifference[]> {
  const row = await read.row('SELECT journal_mode FROM pragma_journal_mode');
  if (row?.[0] === 'wal') return [];
  return [
    {
      kind: 'missing',
      object: 'setting journal_mode',
      detail: `it is ${row?.[0]}, and wal lets readers and writers work at the same time; nestjs-factstr migrate sets it`,
      sql: 'PRAGMA journal_mode = WAL',
    },
  ];
}

function compareObject(object: TextRow, made: Shape, there: Shape): SchemaDifference[] {
  const [type, name, sql] = object as readonly [string, string, string];
  const found = there.objects.find(([, other]) => other!.toLowerCase() === name);
  if (found === undefined) {
    return [
      {
        kind: 'missing',
        object: `${type} ${name}`,
        detail: 'nestjs-factstr migrate makes it',
        sql,
      },
    ];
  }
  if (found[0] !== type) {
    return [different(`${type} ${name}`, `a ${found[0]} has its name: use another file`)];
  }
  if (type === 'table') return compareColumns(name, made, there);
  if (comparable(found[2]!) === comparable(sql)) return [];
  return [different(`index ${name}`, `it should be ${oneLine(sql)}: drop it, then migrate`)];
}

function compareColumns(table: string, made: Shape, there: Shape): SchemaDifference[] {
  const found = new Map(ofTable(there, table).map(([, name, ...rest]) => [name, rest.join(' ')]));
  return ofTable(made, table).flatMap(([, name, ...rest]): SchemaDifference[] => {
    const object = `column ${name} of ${table}`;
    const is = found.get(name);
    if (is === rest.join(' ')) return [];
    const [type, filled, key] = rest;
    if (is === undefined && OWN.test(table) && filled === '0' && key === '0') {
      const sql = `ALTER TABLE ${table} ADD COLUMN ${name} ${type}`;
      return [{ kind: 'missing', object, detail: 'nestjs-factstr migrate makes it', sql }];
    }
    const says = is === undefined ? 'is not there' : `is ${declared(is.split(' '))}`;
    return [different(object, `it ${says}, and should be ${declared(rest)}: use another file`)];
  });
}

function ofTable({ columns }: Shape, table: string): TextRow[] {
  return columns.filter(([name]) => name!.toLowerCase() === table);
}

/** As a definition says it. */
function declared([type, filled, key]: readonly (string | null)[]): string {
  return `${type}${filled === '0' ? '' : ' NOT NULL'}${key === '0' ? '' : ' in the primary key'}`;
}

function compareMarkers(made: Shape, there: Shape): SchemaDifference[] {
  const known = new Map(made.markers.map(([key, value]) => [key, value]));
  return there.markers
    .filter(([key, value]) => known.has(key) && known.get(key) !== value)
    .map(([key, value]) =>
      different(
        `marker ${key}`,
        `it is ${JSON.stringify(value)}, and this version knows ${JSON.stringify(known.get(key))}: upgrade nestjs-factstr`,
      ),
    );
}

/** What has our names and is not this version's. */
function leftOver(made: Shape, there: Shape): SchemaDifference[] {
  const known = new Set(made.objects.map(([, name]) => name));
  return there.objects
    .filter(([, name]) => OWN.test(name!) && !known.has(name))
    .map(([type, name]) => ({
      kind: 'left over' as const,
      object: `${type} ${name}`,
      detail: `made by another version of nestjs-factstr; when none of its processes runs any more, it may be dropped`,
    }));
}

/** What FACTSTR and editors write differently says nothing. */
function comparable(sql: string): string {
  return oneLine(sql)
    .replaceAll(/\s*([(),])\s*/g, '$1')
    .toLowerCase();
}

function oneLine(sql: string): string {
  return sql.replaceAll(/\s+/g, ' ').trim();
}

function different(object: string, detail: string): SchemaDifference {
  return { kind: 'different', object, detail };
}

async function all(read: SnapshotReader, sql: string): Promise<TextRow[]> {
  const rows: TextRow[] = [];
  for await (const row of read.rows(sql)) rows.push(row);
  return rows;
}
