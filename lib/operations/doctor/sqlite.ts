import { statSync, statfsSync } from 'node:fs';
import type { SnapshotReader } from '../database/database.types.js';
import { examineSqliteLocks } from './sqlite-locks.js';
import { finding, good, note } from './symptom.js';
import type { Symptom } from './symptom.js';

/** Bytes. */
const GB = 1_000_000_000;
const LARGE_LOG = 100_000_000;
/** The share of a file's pages that are free, from which on it is told. */
const MUCH_FREE = 0.5;

/** What `statfs` of Linux calls file systems on which SQLite's locks or shared memory do not work. */
const NETWORK: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x00c36400: 'Ceph',
  0x5346414f: 'AFS',
  0x0bd00bd0: 'Lustre',
};
const FUSE = 0x65735546;

export async function examineSqlite(read: SnapshotReader, file: string): Promise<Symptom[]> {
  const server = await read.row('SELECT sqlite_version()');
  return [
    good('server', `SQLite ${server![0]}, ${file}`),
    await examineJournal(read),
    note(
      'synchronous',
      'is a setting of each connection: this package appends with FULL, so that an acknowledged fact survives a power cut',
    ),
    ...examineFileSystem(file),
    ...examineFiles(file),
    await examinePages(read),
    ...(await examineSqliteLocks(file)),
  ];
}

async function examineJournal(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row('SELECT journal_mode FROM pragma_journal_mode');
  const mode = row?.[0] ?? 'unknown';
  if (mode === 'wal') return good('journal_mode', 'wal');
  return finding(
    'journal_mode',
    `it is ${mode}: readers and writers wait for each other${mode === 'off' || mode === 'memory' ? ', and a crash may destroy the file' : ''}`,
    'migrate sets wal, and so does the next start of an application',
  );
}

function examineFileSystem(file: string): Symptom[] {
  const { type, bavail, blocks, bsize } = statfsSync(file);
  const free = bavail * bsize;
  const share = bavail / blocks;
  const symptoms: Symptom[] = [];
  // Elsewhere the number is another one.
  const network = process.platform === 'linux' ? NETWORK[type] : undefined;
  if (network !== undefined) {
    symptoms.push(
      finding(
        'file_system',
        `the file lies on ${network}: SQLite’s locks and its shared memory need a local file system, and facts may be lost`,
        'move the file to a local disk, or use Postgres',
      ),
    );
  } else if (process.platform === 'linux' && type === FUSE) {
    symptoms.push(
      note(
        'file_system',
        'the file lies on FUSE, which may be a network behind it',
        'make sure that it is a local disk',
      ),
    );
  } else symptoms.push(good('file_system', 'local'));
  const says = `${(free / GB).toFixed(1)} GB are free, ${Math.round(share * 100)} %`;
  const isLow = free < GB / 2 || (share < 0.05 && free < 10 * GB);
  symptoms.push(
    isLow
      ? finding(
          'disk',
          `only ${says}`,
          'free disk space, or move the file: a full disk stops appends',
        )
      : good('disk', says),
  );
  return symptoms;
}

function examineFiles(file: string): Symptom[] {
  const { uid, nlink } = statSync(file);
  const symptoms: Symptom[] = [];
  if (nlink > 1) {
    symptoms.push(
      finding(
        'hard_links',
        `the file has ${nlink} names: processes that open it by another one do not find its write-ahead log, and may damage it`,
        'remove the other hard links',
      ),
    );
  }
  for (const suffix of ['-wal', '-shm']) {
    const beside = statSync(`${file}${suffix}`, { throwIfNoEntry: false });
    if (beside === undefined || beside.uid === uid) continue;
    symptoms.push(
      finding(
        'owner',
        `${file}${suffix} belongs to another user than the database, whose processes may not be able to write it`,
        `chown it like ${file}`,
      ),
    );
  }
  const log = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  const size = `${(log / 1_000_000).toFixed(1)} MB`;
  symptoms.push(
    log > LARGE_LOG
      ? finding(
          'write_ahead_log',
          `it has ${size}: something reads one snapshot for long, and it cannot be moved into the file`,
          'end long transactions of other programs; see locks',
        )
      : good('write_ahead_log', size),
  );
  return symptoms;
}

async function examinePages(read: SnapshotReader): Promise<Symptom> {
  const row = await read.row(
    'SELECT f.freelist_count, p.page_count FROM pragma_freelist_count AS f, pragma_page_count AS p',
  );
  const [free, all] = row!.map(Number) as [number, number];
  const share = all === 0 ? 0 : free / all;
  const says = `${Math.round(share * 100)} % of the file’s pages are free`;
  return share > MUCH_FREE
    ? note('free_pages', says, 'VACUUM, while nothing is appended, gives them back')
    : good('free_pages', says);
}
