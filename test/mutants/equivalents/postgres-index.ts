import type { Equivalent } from './equivalent.js';

const KEEPER = 'lib/stores/postgres/index/index-builder.ts';
const KNOWN_LOG = 'lib/stores/postgres/index/known-log.ts';
const LOG_STATE = 'lib/stores/postgres/index/log-state.ts';
const CONTEXT_INDEX = 'lib/stores/postgres/index/context-index.ts';

export const postgresIndex: readonly Equivalent[] = [
  {
    file: KNOWN_LOG,
    from: '#storable = false;',
    to: '#storable = true;',
    reason: 'It is looked at only when the log is known, by which time it has been read.',
  },
  {
    file: KNOWN_LOG,
    from: 'readonly #ahead: OwnCommit[] = [];',
    to: 'readonly #ahead: OwnCommit[] = ["Stryker was here"];',
    reason: 'What has no number follows nothing, and is the first to be given up.',
  },
  {
    file: LOG_STATE,
    from: "name: `log-state${hasIndex ? '' : '-only'} ${log}`,",
    to: 'name: `log-state${hasIndex ? "Stryker was here!" : \'-only\'} ${log}`,',
    reason: 'Any name will do that another statement does not have.',
  },
  {
    file: CONTEXT_INDEX,
    from: 'if (head >= end) return { version, head, log: this.#log.head.log };',
    to: 'if (false) return { version, head, log: this.#log.head.log };',
    reason: 'The facts after the end are looked through: there are none, and the version stays.',
  },
  {
    file: CONTEXT_INDEX,
    from: 'if (head >= end) return { version, head, log: this.#log.head.log };',
    to: 'if (head > end) return { version, head, log: this.#log.head.log };',
    reason: 'The facts after the end are looked through: there are none, and the version stays.',
  },
  {
    file: KEEPER,
    from: 'if (isWithdrawn(error)) this.#connection.invalidate();',
    to: 'if (true) this.#connection.invalidate();',
    reason: 'The schema is looked at once more after a failure, of which there is one in a second.',
  },
  {
    file: KEEPER,
    from: 'if (draft !== undefined) this.#slice = { draft, log: head.log };',
    to: 'if (true) this.#slice = { draft, log: head.log };',
    reason:
      'There is none only when it was closed: it fails then instead of ending, which is not told of any more.',
  },
  {
    file: KEEPER,
    from: 'return false;',
    to: 'return true;',
    reason: 'There is no work left of which the pause would matter.',
  },
  {
    file: KEEPER,
    from: 'if (this.#known.head.log !== head.log) return false;',
    to: 'if (this.#known.head.log !== head.log) return true;',
    reason: 'What was read is dropped here, or at the next step because it is of another log.',
  },
  {
    file: KEEPER,
    from: "if (locked !== 't') return 'taken';",
    to: 'if (locked !== \'t\') return "";',
    reason: 'Any text will do that is not the one of a change.',
  },
  {
    file: KEEPER,
    from: "if (need.kind === 'chunks') return chunksOf(run, tables, need);",
    to: 'if (true) return chunksOf(run, tables, need);',
    reason:
      'Changing segments needs nothing else; the error that follows is for a change of the code.',
  },
  {
    file: KEEPER,
    from: 'throw new Error(`Storing segments needs no ${need.kind}.`);',
    to: 'throw new Error(``);',
    reason: 'Changing segments needs nothing else; the error is for a change of the code.',
  },
  {
    file: KEEPER,
    from: 'const keys = Array.from({ length: to - from }, (_, n) => chunkKey(segment.id, from + n));',
    to: 'const keys = Array.from({ length: to + from }, (_, n) => chunkKey(segment.id, from + n));',
    reason: 'Chunks are read that are not looked at.',
  },
];
