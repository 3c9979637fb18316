import type { Equivalent } from './equivalent.js';

/** Of the reader that streams share. */
export const reader: readonly Equivalent[] = [
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (this.#former.length > MAX_FORMER_LOGS) this.#former.shift();',
    to: 'if (this.#former.length > MAX_FORMER_LOGS) ;',
    reason:
      'A bound for memory, beyond which what is remembered of the oldest logs is approximate.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: '#asOf = -Infinity;',
    to: '#asOf = +Infinity;',
    reason: 'A stream that begins sets it, and nothing is read for streams before.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: '#waits = false;',
    to: '#waits = true;',
    reason: 'Asked for only after a page was read, which sets it.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: '#former: FormerLog[] = [];',
    to: '#former: FormerLog[] = ["Stryker was here"];',
    reason: 'Only the logs since the cursor’s are looked at, which are behind this one.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'this.#entered++;',
    to: 'this.#entered--;',
    reason: 'It is compared for being equal only, and moves in one direction.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'this.#unlisten?.();',
    to: 'this.#unlisten();',
    reason: 'A stream that leaves has entered, which has set it.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'this.#former = [];',
    to: 'this.#former = ["Stryker was here"];',
    reason: 'Only the logs since the cursor’s are looked at, which are behind this one.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (found.number < common.number) common = found;',
    to: 'if (found.number <= common.number) common = found;',
    reason: 'Of equal ends either will do.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (this.#looking === looking) this.#looking = undefined;',
    to: 'if (true) this.#looking = undefined;',
    reason: 'Costs a look: a later one that was not done is forgotten, and one more begins.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'const stands = last === null || (await this.stands(last));',
    to: 'const stands = false || (await this.stands(last));',
    reason: 'What is kept has an end where a cursor stands before it.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (read.batches.length === 0) this.#nothing = reading;',
    to: 'if (true) this.#nothing = reading;',
    reason:
      'A page of facts that is shared once more: whoever is given it has it looked for when it is old.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'return this.#newest.end === after ? { ...read, at: this.#newest.last } : read;',
    to: 'return true ? { ...read, at: this.#newest.last } : read;',
    reason: 'An equal fact: that streams share one object of it saves memory.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'return this.#newest.end === after ? { ...read, at: this.#newest.last } : read;',
    to: 'return false ? { ...read, at: this.#newest.last } : read;',
    reason: 'An equal fact: that streams share one object of it saves memory.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'return this.#newest.end === after ? { ...read, at: this.#newest.last } : read;',
    to: 'return this.#newest.end !== after ? { ...read, at: this.#newest.last } : read;',
    reason: 'An equal fact: that streams share one object of it saves memory.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'return false;',
    to: 'return true;',
    reason:
      'An empty page of the present log, kept for those who stand there, tells them the same.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (this.#former.length > MAX_FORMER_LOGS) this.#former.shift();',
    to: 'if (false) this.#former.shift();',
    reason:
      'A bound for memory, beyond which what is remembered of the oldest logs is approximate.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (this.#former.length > MAX_FORMER_LOGS) this.#former.shift();',
    to: 'if (this.#former.length >= MAX_FORMER_LOGS) this.#former.shift();',
    reason:
      'A bound for memory, beyond which what is remembered of the oldest logs is approximate.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'const isKnown = first <= (this.#newest.end ?? 0n);',
    to: 'const isKnown = first < (this.#newest.end ?? 0n);',
    reason: 'What comes before the last fact that was read is all that the bound could be about.',
  },
  {
    file: 'lib/streams/reader/log-reader.ts',
    from: 'if (isKnown && first < (this.#ownBelow ?? first + 1n)) this.#ownBelow = first;',
    to: 'if (isKnown && first <= (this.#ownBelow ?? first + 1n)) this.#ownBelow = first;',
    reason: 'The same number again.',
  },
];
