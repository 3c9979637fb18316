// The context index by itself: node test/bench/context-index.mjs [facts = 1000000] [rounds = 7], after `npm run build`.
// Ratios to a floor of prepared statements, medians over interleaved rounds. No timed test: read the numbers.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';

const { FactstrMemoryStore, FactstrSqliteStore } = await import(
  process.env.FACTSTR_DIST ?? '../../dist/index.js'
);
const FACTS = Number(process.argv[2] ?? 1_000_000);
const ROUNDS = Number(process.argv[3] ?? 7);
const SIZES = [1_000, 100_000, 1_000_000].filter((size) => size < FACTS).concat(FACTS);
const folder = mkdtempSync(join(tmpdir(), 'factstr-bench-'));
const NOTE = 'a note that brings the payload to about one hundred and fifty bytes';

/** One dominant type; five facts for each cart, ten thousand in each hundredth. */
function fact(n) {
  const payload = {
    id: `id-${n}`,
    cart: `cart-${Math.floor(n / 5)}`,
    hundredth: n % 100,
    note: NOTE,
  };
  return { event_type: n % 20 === 0 ? 'removed' : 'added', payload };
}

const facts = (from, count) => Array.from({ length: count }, (_, n) => fact(from + n));
const about = (predicate) => ({
  filters: [{ event_types: ['added', 'removed'], payload_predicates: [predicate] }],
});
const random = (below) => Math.floor(Math.random() * below);
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const rate = (perSecond) => Math.round(perSecond).toLocaleString('en');

/** Operations per second of each, round by round. */
function interleave(times, ...operations) {
  const rounds = operations.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    operations.forEach((operation, index) => {
      const begin = performance.now();
      for (let n = 0; n < times; n++) operation();
      rounds[index].push((times / (performance.now() - begin)) * 1_000);
    });
  }
  return rounds;
}

function print(name, ours, floor) {
  const ratio = floor && median(ours.map((value, round) => value / floor[round])).toFixed(2);
  console.log(
    name.padEnd(44),
    rate(median(ours)).padStart(9) + '/s',
    floor ? `${ratio} of ${rate(median(floor))}/s` : '',
  );
}

/** The same rows, prepared statements, one transaction for each call. */
class Floor {
  #database = new Database(join(folder, 'floor.sqlite'));
  head = 0;

  constructor() {
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
      CREATE TABLE events (sequence_number INTEGER PRIMARY KEY, occurred_at TEXT NOT NULL,
        event_type TEXT NOT NULL, payload TEXT NOT NULL);
      CREATE TABLE append_batches (first INTEGER PRIMARY KEY, last INTEGER NOT NULL);
      CREATE INDEX idx_events_type ON events(event_type);
      CREATE INDEX idx_events_occurred_at ON events(occurred_at)`);
    this.insert = this.#database.prepare('INSERT INTO events VALUES (?, ?, ?, ?)');
    this.insertBatch = this.#database.prepare('INSERT INTO append_batches VALUES (?, ?)');
    const transaction = this.#database.transaction((batch) => {
      const first = this.head + 1;
      for (const one of batch) this.append(one);
      this.insertBatch.run(first, this.head);
    });
    this.batch = (batch) => transaction.immediate(batch);
  }

  append({ event_type, payload }) {
    this.insert.run(++this.head, new Date().toISOString(), event_type, JSON.stringify(payload));
  }

  close() {
    this.#database.close();
  }
}

function fill(store, from, to) {
  const begin = performance.now();
  for (let n = from; n < to; n += 1_000) store.append(facts(n, Math.min(1_000, to - n)));
  return ((to - from) / (performance.now() - begin)) * 1_000;
}

function measureVerdicts(store, count) {
  const refuse = (query) => store.appendIf([fact(0)], query, 9_000_000_000n);
  const kinds = {
    narrow: () => about({ cart: `cart-${random(count / 5)}` }),
    'a hundredth of all': () => about({ hundredth: random(100) }),
    'none yet': () => about({ cart: `none-${random(count)}` }),
    'of two members': () => about({ hundredth: 7, cart: `cart-${random(count / 5)}` }),
    'of any type': () => ({
      filters: [{ payload_predicates: [{ cart: `cart-${random(count / 5)}` }] }],
    }),
  };
  for (const [name, query] of Object.entries(kinds)) {
    print(`  verdict, context ${name}`, interleave(500, () => refuse(query()))[0]);
  }
}

function queryAndAppendIf(store, count, next) {
  const query = about({ cart: `cart-${random(count / 5)}` });
  const { current_context_version: version } = store.query(query);
  const { conflict } = store.appendIf([fact(next)], query, version);
  if (conflict) throw new Error('A verdict is wrong.');
}

function sqlite() {
  const file = join(folder, 'facts.sqlite');
  const store = new FactstrSqliteStore(file);
  const floor = new Floor();
  let next = 0;
  for (const size of SIZES) {
    const filled = fill(store, next, size);
    while (floor.head < size) floor.batch(facts(floor.head, 1_000));
    next = size;
    console.log(`SQLite, ${rate(size)} facts (filled at ${rate(filled)} facts/s)`);
    const single = interleave(
      300,
      () => store.append([fact(next++)]),
      () => floor.append(fact(next++)),
    );
    print('  append 1', ...single);
    const decisions = interleave(
      300,
      () => queryAndAppendIf(store, size, next++),
      () => floor.append(fact(next++)),
    );
    print('  query + appendIf', ...decisions);
    measureVerdicts(store, size);
  }
  const batches = interleave(
    3,
    () => store.append(facts((next += 1_000), 1_000)),
    () => floor.batch(facts(next, 1_000)),
  );
  print('  append 1,000', ...batches);
  floor.close();
  store.close();
  return file;
}

async function reopen(file) {
  const megabytes = (bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  let begin = performance.now();
  let store = new FactstrSqliteStore(file);
  store.query(about({ cart: 'none' }));
  console.log(`  open and look up first: ${(performance.now() - begin).toFixed(1)} ms`);
  store.close();
  const database = new Database(file);
  const { chunks } = database
    .prepare('SELECT sum(length(entries)) AS chunks FROM nestjs_factstr_index_1_chunks')
    .get();
  const { segments, bloom } = database
    .prepare(
      'SELECT count(*) AS segments, sum(length(bloom)) AS bloom FROM nestjs_factstr_index_1_segments',
    )
    .get();
  console.log(
    `  file ${megabytes(statSync(file).size)}, index ${megabytes(chunks)} in ${segments} segments, ${megabytes(bloom)} of it in memory`,
  );
  database.exec(
    'DROP TABLE nestjs_factstr_index_1_segments; DROP TABLE nestjs_factstr_index_1_chunks; VACUUM',
  );
  database.close();
  store = new FactstrSqliteStore(file);
  let longest = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  }, 1);
  begin = performance.now();
  await store.contextsIndexed();
  clearInterval(watch);
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
  console.log(
    `  index again in the background: ${seconds} s, longest turn ${longest.toFixed(0)} ms`,
  );
  store.close();
}

function memory() {
  for (const size of SIZES) {
    const store = new FactstrMemoryStore();
    let next = 0;
    while (next < size) store.append([fact(next++)]);
    const begin = performance.now();
    store.query(about({ cart: 'none' }));
    const built = performance.now() - begin;
    console.log(`Memory, ${rate(size)} facts (first look-up ${built.toFixed(0)} ms)`);
    const decisions = interleave(1_000, () => queryAndAppendIf(store, size, next++));
    print('  query + appendIf', decisions[0]);
    let id = next;
    const append = () => store.append([fact(next++)]);
    const appendIf = () => {
      const { conflict } = store.appendIf([fact(next++)], about({ id: `new-${id++}` }), null);
      if (conflict) throw new Error('A verdict is wrong.');
    };
    const [plain, conditional] = interleave(1_000, append, appendIf);
    print('  append 1', plain);
    print('  appendIf, new context', conditional);
    measureVerdicts(store, size);
  }
  const plain = new FactstrMemoryStore();
  const begin = performance.now();
  for (let n = 0; n < FACTS; n++) plain.append([fact(n)]);
  print(`  append 1, before the first look-up, ${rate(FACTS)}`, [
    (FACTS / (performance.now() - begin)) * 1_000,
  ]);
}

try {
  await reopen(sqlite());
  memory();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
