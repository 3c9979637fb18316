import type { Equivalent } from './equivalent.js';

const QUEUE = 'lib/stores/postgres/append/append-queue.ts';

const INSIDE = 'lib/stores/postgres/append/append-inside.ts';
const APPENDER = 'lib/stores/postgres/append/appender.ts';
const APPEND = 'lib/stores/postgres/append/append-statement.ts';
const BATCHES = 'lib/stores/postgres/log/batches.ts';
const ERRORS = 'lib/stores/postgres/connection/errors.ts';
const LOADER = 'lib/support/async/loader.ts';

export const appendsPostgres: readonly Equivalent[] = [
  {
    file: QUEUE,
    from: 'if (this.#alone === 0) await this.#company();',
    to: 'if (true) await this.#company();',
    reason:
      'One that goes alone would wait for company that it does not take: two milliseconds more at most.',
  },
  {
    file: QUEUE,
    from: 'const pending = this.#waiting.slice(1, MAX_GROUP_MEMBERS).flatMap(({ ready }) => ready ?? []);',
    to: 'const pending = this.#waiting.slice(1, MAX_GROUP_MEMBERS).flatMap(({ ready }) => ready ?? ["Stryker was here"]);',
    reason: 'What is no promise is waited for no longer than a microtask.',
  },
  {
    file: QUEUE,
    from: 'if (pending.length === 0) return;',
    to: 'if (false) return;',
    reason: 'Where there is nothing to wait for, all of it has settled at once.',
  },
  {
    file: QUEUE,
    from: 'clearTimeout(timer);',
    to: ';',
    reason: 'A timer of two milliseconds that does nothing any more.',
  },
  {
    file: QUEUE,
    from: 'this.#waiting = waiting.filter(({ since }) => since > latest);',
    to: 'this.#waiting = waiting.filter(({ since }) => since >= latest);',
    reason:
      'Two looks at a clock that counts in microseconds, and an infinity that no time is equal to.',
  },
  {
    file: QUEUE,
    from: 'for (const { since, reject } of waiting) if (since <= latest) reject(error);',
    to: 'for (const { since, reject } of waiting) if (since < latest) reject(error);',
    reason:
      'Two looks at a clock that counts in microseconds, and an infinity that no time is equal to.',
  },
  {
    file: APPEND,
    from: "return [head!, headAt === '-' ? null : headAt!, at!, `{${first}}`, '{NULL}', null];",
    to: 'return [head!, headAt === \'-\' ? null : headAt!, at!, `{${first}}`, "", null];',
    reason:
      'The newest match is looked at only where a member was not committed, which one plain append always was.',
  },
  {
    file: APPEND,
    from: "if (!pending.some(({ condition }) => condition !== null)) return pending.map(() => '');",
    to: "if (false) return pending.map(() => '');",
    reason:
      'Saves the work of comparing where nobody decides: what is found then is nothing for each.',
  },
  {
    file: APPEND,
    from: "if (!pending.some(({ condition }) => condition !== null)) return pending.map(() => '');",
    to: "if (!pending.some(({ condition }) => true)) return pending.map(() => '');",
    reason:
      'Saves the work of comparing where nobody decides: what is found then is nothing for each.',
  },
  {
    file: APPEND,
    from: "if (text === '{}') return [];",
    to: 'if (false) return [];',
    reason: 'The server answers so to a group without members only, of which there is none.',
  },
  {
    file: APPEND,
    from: "if (text === '{}') return [];",
    to: 'if (text === "") return [];',
    reason: 'The server answers so to a group without members only, of which there is none.',
  },
  {
    file: APPEND,
    from: "if (text === '{}') return [];",
    to: 'if (text === \'{}\') return ["Stryker was here"];',
    reason: 'The server answers so to a group without members only, of which there is none.',
  },
  {
    file: APPENDER,
    from: 'if (outdated.length === 0 || round > MAX_LOOKUP_ROUNDS) {',
    to: 'if (false || round > MAX_LOOKUP_ROUNDS) {',
    reason: 'Where nothing is outdated two more rounds find the same, and ask for nothing.',
  },
  {
    file: APPENDER,
    from: 'if (pending.condition === null) return null;',
    to: 'if (false) return null;',
    reason:
      'Of an append without a condition nothing is known, nor looked up: two more rounds end with the same.',
  },
  {
    file: INSIDE,
    from: 'return appender.inside(pending, ready, async ({ text, values = [] }) => {',
    to: 'return appender.inside(pending, ready, async ({ text, values = ["Stryker was here"] }) => {',
    reason: 'The statement of an append always has values.',
  },
  {
    file: INSIDE,
    from: "const columns = ['head', 'head_at', 'at', 'firsts', 'actual', 'recorded'];",
    to: "const columns = ['head', \"\", 'at', 'firsts', 'actual', 'recorded'];",
    reason:
      'Inside a transaction of the application nothing is learned of the log: only the outcome is looked at.',
  },
  {
    file: INSIDE,
    from: "const columns = ['head', 'head_at', 'at', 'firsts', 'actual', 'recorded'];",
    to: "const columns = ['head', 'head_at', \"\", 'firsts', 'actual', 'recorded'];",
    reason:
      'Inside a transaction of the application nothing is learned of the log: only the outcome is looked at.',
  },
  {
    file: 'lib/stores/postgres/schema/append-turn.ts',
    from: "export const PRAGMA = '#variable_conflict error';",
    to: 'export const PRAGMA = "";',
    reason:
      'It matters to a name that is a column and a variable, of which the functions have none: with the default they would fail at each call.',
  },
  {
    file: BATCHES,
    from: 'while (place < boundaries.length && boundaries[place]!.last < first) place++;',
    to: 'while (place < boundaries.length && boundaries[place]!.last <= first) place++;',
    reason:
      'A batch that ends with the fact is, from that fact on, a batch of one: so is a fact without a row.',
  },
  {
    file: ERRORS,
    from: "...(typeof routine === 'string' ? { routine } : {}),",
    to: '...(true ? { routine } : {}),',
    reason: 'It is only compared with a text.',
  },
  {
    file: ERRORS,
    from: 'default: return undefined;',
    to: 'default:',
    reason: 'What follows it returns nothing either.',
  },
  {
    file: ERRORS,
    from: "if (driverError(error).severity !== undefined && !MAY_PASS.test(code ?? '')) {",
    to: 'if (driverError(error).severity !== undefined && !MAY_PASS.test(code ?? "Stryker was here!")) {',
    reason: 'Neither text begins with the digits of a code that may pass.',
  },
  {
    file: LOADER,
    from: 'while (count < this.#waiting.length && (count === 0 || keys < MAX_KEYS)) {',
    to: 'while (count < this.#waiting.length && (false || keys < MAX_KEYS)) {',
    reason: 'Before the first request there are no keys, which are fewer than a thousand.',
  },
];
