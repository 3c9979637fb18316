import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ContextQuery } from '../../lib/context-index/terms/context-plan.js';
import { EVERY_FACT } from '../../lib/contract/validation.js';
import { SEMANTICS, decodeMessage } from '../../lib/nats/log/message.js';
import { openView } from '../../lib/stores/log-views.js';
import type { FollowedGroup, LogView } from '../../lib/streams/log-view.js';
import { WHOLE_CONTEXT } from '../../lib/contract/query-page.js';
import { NaiveLog } from './support/naive-log.js';
import { MESSAGES, RETENTION } from './support/semantics-1.js';
import type { StoredMessage } from './support/semantics-1.js';
import { bytesOf, storedBytes, storedLog, storedOutcome } from './support/stored-messages.js';
import type { StoredFact } from './support/stored-messages.js';

const VIEWS = ['memory', 'file'] as const;
const log = storedLog(1);
const retention = { appendIdRetention: RETENTION };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'factstr-messages-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The stored messages as the follower gives them to a view. */
function groups(): FollowedGroup[] {
  let time = 0;
  return MESSAGES.map(({ name, at }) => {
    time = Math.max(time, at);
    const { appends } = decodeMessage(storedBytes(1, name), name);
    return { name, appends, at: time, occurred_at: new Date(time).toISOString() };
  });
}

function factsOf(view: LogView): StoredFact[] {
  const { event_records } = view.read(new ContextQuery(EVERY_FACT), WHOLE_CONTEXT);
  return event_records.map(({ sequence_number, occurred_at, event_type, payload }) => ({
    sequence_number: Number(sequence_number),
    occurred_at,
    event_type,
    payload,
  }));
}

describe('Messages of semantics 1, which every release judges as the first one did', () => {
  it('are still what this release writes', () => {
    // When the meaning changes, SEMANTICS does: then messages of the new one are stored beside these.
    expect(SEMANTICS).toBe(1);
  });

  it.each(MESSAGES)('$name is written as the same bytes', (message: StoredMessage) => {
    expect(bytesOf(message).toString()).toBe(storedBytes(1, message.name).toString());
  });

  it.each(VIEWS)('come to the same verdicts and facts in a view in %s', (where) => {
    const path = where === 'memory' ? where : join(folder, 'whole.sqlite');
    const view = openView(path, retention);
    try {
      const outcomes = view.apply(groups(), 'note');
      expect(
        MESSAGES.map(({ name }, index) => ({
          name,
          outcomes: outcomes[index]!.map(storedOutcome),
        })),
      ).toEqual(log.verdicts);
      expect(factsOf(view)).toEqual(log.facts);
    } finally {
      view.close();
    }
  });

  it.each(VIEWS)('come to them one by one and repeated as well, in a view in %s', (where) => {
    const path = where === 'memory' ? where : join(folder, 'parts.sqlite');
    const view = openView(path, retention);
    try {
      const all = groups();
      const outcomes = all.flatMap((group) => {
        const [first] = view.apply([group], 'note');
        // A message that the log holds twice counts once.
        expect(view.apply([group], 'note')).toEqual([null]);
        return [first!.map(storedOutcome)];
      });
      expect(outcomes).toEqual(log.verdicts.map((verdict) => verdict.outcomes));
      expect(factsOf(view)).toEqual(log.facts);
    } finally {
      view.close();
    }
  });

  it('come to the same verdicts by the shortest way, as long as ids are kept', () => {
    const naive = new NaiveLog();
    naive.take('{}');
    const last = MESSAGES.findIndex(
      ({ at }, index) => at - (MESSAGES[index - 1]?.at ?? at) > RETENTION,
    );
    for (const { name } of MESSAGES.slice(0, last)) {
      const found = naive.take(storedBytes(1, name).toString()).map((verdict) => {
        if (verdict.kind === 'reused') return 'reused';
        return verdict.kind === 'conflict' ? [verdict.actual] : [verdict.first, verdict.last];
      });
      const { outcomes } = log.verdicts.find((verdict) => verdict.name === name)!;
      // It knows no commands: the facts alone tell one append from another.
      if (name === 'm19') continue;
      expect(found).toEqual(
        outcomes.map((outcome) => {
          if ('reused' in outcome) return 'reused';
          return 'conflict' in outcome ? [outcome.conflict[1]] : [...outcome.committed];
        }),
      );
    }
  });

  it('are refused when a later release wrote them, and when anything of them was changed', () => {
    const bytes = storedBytes(1, 'm1');
    const later = Buffer.from(bytes.toString().replace('"v":1', '"v":2'));
    expect(() => decodeMessage(later, 'Message 2')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_FORMAT' }),
    );
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => decodeMessage(changed, `Message 2, changed at ${at}`)).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^(DAMAGED_LOG|UNSUPPORTED_FORMAT)$/),
        }),
      );
    }
  });

  it.each([
    ['no text', Buffer.from([0xff, 0xfe])],
    ['another JSON', Buffer.from('{"order":1}')],
    ['nothing', Buffer.alloc(0)],
    ['a head alone', Buffer.from('{"v":1,"name":"x","appends":1,"sum":""}\n')],
  ])('are told from foreign ones: %s', (_, bytes) => {
    expect(() => decodeMessage(bytes, 'Message 2')).toThrow(
      expect.objectContaining({ code: 'DAMAGED_LOG' }),
    );
  });
});
