import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Opened } from '../processes/opener.js';
import { Opener } from '../support/opener.js';
import type { Random } from '../../support/random.js';
import type { Scenario } from '../support/scenario.js';
import { newStore, readLog } from '../support/storage.js';
import { judgeLog } from '../support/verdict.js';
import { Writer } from '../support/writer.js';

const PAGE = 4_096;
/** A page of a table or an index begins with its kind; all others with a page's number or a count. */
const TREE_PAGES = [2, 5, 10, 13];
const REFUSALS = ['DAMAGED_DATABASE', 'FOREIGN_DATABASE'];

/** A damaged file is refused, or what cannot be read of it is: never is it read wrongly, recreated or overwritten. */
export const damagedFiles: Scenario = {
  name: 'damaged-files',
  fault: 'corrupt pages, cut-off files',
  providers: ['sqlite'],
  faults: [40, 12],
  async run(round, provider) {
    const options = await newStore(round, provider);
    if (options.provider !== 'sqlite') return;
    const writer = await Writer.start(round, options, { padding: 6_000, think: 0, lanes: 1 });
    await writer.makes(120, 'committed');
    await writer.stop();
    await judgeLog(round, options, [writer]);
    const { log } = await readLog({ kind: 'sqlite', path: options.path });
    const facts = log.map(({ sequence_number, event_type, payload }) =>
      JSON.stringify([sequence_number, event_type, payload]),
    );
    const opener = new Opener(round, options.path);
    const whole = await opener.result();
    if (whole.facts?.join() !== facts.join()) round.unexpected('the whole file was read wrongly');
    // The opener has appended to it.
    facts.push(JSON.stringify([facts.length + 1, 'late', { late: true }]));
    await round.forEachFault(async (index) => {
      const path = await round.file(`damaged-${index}.sqlite`);
      copyFileSync(options.path, path);
      const how = damage(path, round.random);
      const bytes = readFileSync(path);
      const readable = readableRows(path, facts.length);
      opener.open(path);
      const opened = await opener.result();
      for (const problem of problemsOf(opened, facts)) {
        round.unexpected(`a file with ${how}: ${problem}`);
      }
      if (opened.refused !== undefined && !readFileSync(path).equals(bytes)) {
        round.unexpected(`a file with ${how} was changed although it was refused`);
      }
      const still = readableRows(path, facts.length);
      for (const [number, row] of readable) {
        if (still.get(number) === row) continue;
        round.tally.lost++;
        round.note(`lost: fact ${number} of a file with ${how}, which was readable before`);
      }
    });
    await opener.stop();
  },
};

function problemsOf(opened: Opened, facts: readonly string[]): string[] {
  const problems = [opened.refused, opened.unread, opened.unwritten].flatMap((failed) =>
    failed === undefined || REFUSALS.includes(failed.code)
      ? []
      : [`${failed.code}: ${failed.message}`],
  );
  if (opened.facts !== undefined && opened.facts.join() !== facts.join()) {
    problems.push(`${opened.facts.length} facts were read, which are not the ${facts.length}`);
  }
  const { appended } = opened;
  if (appended !== undefined && appended !== facts.length + 1) {
    problems.push(`a fact was appended as ${appended} after ${facts.length}`);
  }
  return problems;
}

/** Damages a file, and says how. What SQLite has no means to notice, such as other letters in a text, is left out. */
function damage(path: string, random: Random): string {
  const bytes = readFileSync(path);
  const pages = bytes.length / PAGE;
  if (random.chance(0.2)) {
    const length = random.int(1, bytes.length - 1);
    writeFileSync(path, bytes.subarray(0, length));
    return `${length} of ${bytes.length} bytes`;
  }
  const hit = new Set(Array.from({ length: random.int(1, 3) }, () => random.int(0, pages - 1)));
  for (const page of hit) {
    const start = page * PAGE;
    const isTree = page === 0 || TREE_PAGES.includes(bytes[start]!);
    bytes.fill(isTree && random.chance(0.5) ? 0xff : 0, start, start + PAGE);
  }
  writeFileSync(path, bytes);
  return `pages ${[...hit].join(', ')} of ${pages} overwritten`;
}

/** The facts that SQLite itself can read, one by one. */
function readableRows(path: string, last: number): Map<number, string> {
  const rows = new Map<number, string>();
  let database: Sqlite.Database | undefined;
  try {
    database = new Sqlite(path, { readonly: true });
    const row = database.prepare<[number], { payload: string }>(
      'SELECT payload FROM events WHERE sequence_number = ?',
    );
    for (let number = 1; number <= last; number++) {
      try {
        const found = row.get(number);
        if (found !== undefined) rows.set(number, found.payload);
      } catch {
        // That one is damaged.
      }
    }
  } catch {
    // Nothing is readable.
  } finally {
    database?.close();
  }
  return rows;
}
