import type { Equivalent } from './equivalent.js';

const IS_WHOLE = 'const isWhole = page === WHOLE_CONTEXT && query.min_sequence_number === null;';
const KNOWN_VERSION =
  'Where the version is not known from the facts that were found, it is looked up: the same number, later.';
const SPARSE =
  'The version of others’ writes is no -1: it is looked up at the next append all the same.';

const CONTEXT_INDEX = 'lib/stores/sqlite/index/context-index.ts';
const MEMORY_CONTEXT = 'lib/stores/memory/context.ts';
const OVERFLOWS =
  'Without a fact that has too many leaves, the terms of such facts lead to no fact.';
const UNREAD_CLOCK = 'No time is equal to NaN: the text is written before it is read.';

export const appendsSqlite: readonly Equivalent[] = [
  {
    file: MEMORY_CONTEXT,
    from: '#overflows = false;',
    to: '#overflows = true;',
    reason: OVERFLOWS,
  },
  {
    file: MEMORY_CONTEXT,
    from: 'if (this.#overflows) for (const terms of overflow) sets.push([terms, indexed.query]);',
    to: 'if (true) for (const terms of overflow) sets.push([terms, indexed.query]);',
    reason: OVERFLOWS,
  },
  {
    file: MEMORY_CONTEXT,
    from: 'found.length === 1 ? only! :',
    to: 'false ? only! :',
    reason: 'Newest first, and each once: that is what one list is already.',
  },
  {
    file: MEMORY_CONTEXT,
    from: 'const { leaves, overflow } = indexed.sets(indexed.anyType ? [...this.#types.values()] : []);',
    to: 'const { leaves, overflow } = indexed.sets(indexed.anyType ? [...this.#types.values()] : ["Stryker was here"]);',
    reason: 'Where each predicate names its types, the known types are not looked at.',
  },
  {
    file: MEMORY_CONTEXT,
    from: 'if (type === undefined) {',
    to: 'if (true) {',
    reason: 'The same hash of the same type, calculated again.',
  },
  {
    file: 'lib/stores/memory/log.ts',
    from: "#told = { milliseconds: NaN, text: '' };",
    to: '#told = {};',
    reason: UNREAD_CLOCK,
  },
  {
    file: 'lib/stores/memory/log.ts',
    from: "#told = { milliseconds: NaN, text: '' };",
    to: '#told = { milliseconds: NaN, text: "Stryker was here!" };',
    reason: UNREAD_CLOCK,
  },
  {
    file: 'lib/stores/memory/log.ts',
    from: 'if (this.#told.milliseconds !== milliseconds) {',
    to: 'if (true) {',
    reason: 'Only the time that it takes to write the text.',
  },
  {
    file: MEMORY_CONTEXT,
    from: IS_WHOLE,
    to: 'const isWhole = false;',
    reason: KNOWN_VERSION,
  },
  {
    file: 'lib/stores/sqlite/append/appender.ts',
    from: '#sparse = { is: false, others: -1n };',
    to: '#sparse = {};',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/append/appender.ts',
    from: '#sparse = { is: false, others: -1n };',
    to: '#sparse = { is: true, others: -1n };',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/append/appender.ts',
    from: 'this.#sparse = { is: false, others: -1n };',
    to: 'this.#sparse = {};',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/append/appender.ts',
    from: 'this.#sparse = { is: false, others: -1n };',
    to: 'this.#sparse = { is: true, others: -1n };',
    reason: SPARSE,
  },
  {
    file: 'lib/stores/sqlite/log/log.ts',
    from: 'while (next < boundaries.length && boundaries[next]![1] < first) next++;',
    to: 'while (next < boundaries.length && boundaries[next]![1] <= first) next++;',
    reason:
      'A batch that ends with the fact is, from that fact on, a batch of one: so is a fact without a row.',
  },
  {
    file: 'lib/stores/sqlite/connection/records.ts',
    from: '} catch { return undefined; }',
    to: '} catch {}',
    reason: 'What follows it returns nothing either.',
  },
  {
    file: 'lib/stores/sqlite/append/appender.ts',
    from: 'const sameMillisecond = before !== undefined && Date.parse(before) === now.getTime();',
    to: 'const sameMillisecond = true && Date.parse(before) === now.getTime();',
    reason: 'No text is no time, and that is equal to none.',
  },
  {
    file: CONTEXT_INDEX,
    from: '#isCurrent = false;',
    to: '#isCurrent = true;',
    reason: 'At the first look others have always written, which has the log learned.',
  },
  {
    file: CONTEXT_INDEX,
    from: 'if (this.#head > Number.MAX_SAFE_INTEGER) this.#isCurrent = false;',
    to: 'if (this.#head >= Number.MAX_SAFE_INTEGER) this.#isCurrent = false;',
    reason: 'At one number the log’s state is looked at once more.',
  },
  {
    file: CONTEXT_INDEX,
    from: 'if (segment === undefined || segment.last > head) return undefined;',
    to: 'if (segment === undefined || false) return undefined;',
    reason:
      'A fact beyond the head has no fingerprint; and where none was stored either, the tail that moves back to the head discards the segment.',
  },
  {
    file: CONTEXT_INDEX,
    from: 'if (!this.#usable || Number(head) === tail.end) return;',
    to: 'if (!this.#usable || false) return;',
    reason: 'A tail that ends with the head is moved nowhere, and no fact is newer.',
  },
  {
    file: CONTEXT_INDEX,
    from: 'this.#forget();',
    to: ';',
    reason:
      'After the tables were made again their state is looked at first: another newest id has all that they held forgotten.',
  },
];
