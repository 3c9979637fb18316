import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { NewEvent } from '../../lib/contract/contract.types.js';
import { Gate } from '../support/inbox/inbox.js';
import { until } from '../support/waiting/until.js';
import type { StoreDatabase } from '../support/postgres/database.js';
import { growHole, knowingProcesses } from './support/holes.js';
import { HOLD_INDEX, emptiedDatabase } from '../support/index/postgres-log.js';
import type { KnowingProcess } from '../support/index/watched-connection.js';

/** Milliseconds until the next attempt after an error, and while another process is at it. */
const PAUSE = 1_000;
const HEAD_START = 50;

const INDEXING = 'Indexing';

const fact = (n: number): NewEvent => ({ event_type: 'a', payload: { n } });

interface Pause {
  readonly timer: NodeJS.Timeout;
  readonly unref: jest.Spied<NodeJS.Timeout['unref']>;
}

describe('The background that stores the index in Postgres, when it waits', () => {
  let database: StoreDatabase;
  let process: KnowingProcess;
  emptiedDatabase((made) => {
    database = made;
  });
  beforeEach(async () => {
    process = begin(database);
    await process.log.refresh();
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });
  const begin = knowingProcesses();

  /** The pauses of that many milliseconds from now on, and what lets go of them. */
  function watchPauses(length: number): Pause[] {
    const wait = globalThis.setTimeout;
    const pauses: Pause[] = [];
    jest.spyOn(globalThis, 'setTimeout').mockImplementation((end, milliseconds) => {
      const timer = wait(end, milliseconds);
      if (milliseconds === length) pauses.push({ timer, unref: jest.spyOn(timer, 'unref') });
      return timer;
    });
    return pauses;
  }

  it('keeps the process alive only while it is waited for', async () => {
    const { keeper, connection } = process;
    const pauses = watchPauses(PAUSE);
    connection.before = (what) => {
      if (what === INDEXING) throw new Error('No answer.');
    };
    await growHole(database, process, [fact(1)]);
    await expect(keeper.finished()).rejects.toThrow('No answer.');
    await until(
      () => pauses.length === 1,
      () => 'a pause',
    );
    const { timer } = pauses[0]!;
    expect(timer.hasRef()).toBe(false);
    const told = expect(keeper.finished()).rejects.toMatchObject({
      code: 'STORE_CLOSED',
      message: expect.stringContaining('indexed'),
    });
    expect(timer.hasRef()).toBe(true);
    const cleared = jest.spyOn(globalThis, 'clearTimeout');
    await keeper.close();
    await told;
    expect(cleared).toHaveBeenCalledWith(timer);
  });

  it('keeps the process alive in all pauses while it is waited for', async () => {
    const { keeper } = process;
    await growHole(database, process, [fact(1)]);
    const gate = new Gate();
    const held = database.hold(HOLD_INDEX, gate.passed);
    await held.begun;
    jest.spyOn(Math, 'random').mockReturnValue(0.5);
    const pauses = watchPauses(HEAD_START / 2);
    const done = keeper.finished();
    await until(
      () => pauses.length > 1,
      () => 'pauses',
    );
    expect(pauses.map(({ unref }) => unref.mock.calls.length)).toEqual(pauses.map(() => 0));
    gate.open();
    await held.ended;
    await done;
  });

  it('begins no pause when it was closed', async () => {
    const { keeper } = process;
    const pauses = watchPauses(PAUSE);
    await growHole(database, process, [fact(1)]);
    let ended: Promise<void> | undefined;
    process.connection.before = (_, { name }) => {
      if (name !== 'older') return;
      ended = keeper.close();
      throw new Error('No answer.');
    };
    await expect(keeper.finished()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await ended;
    expect(pauses).toEqual([]);
  });

  it('leaves nothing behind of its pauses', async () => {
    const { keeper } = process;
    const begun = jest.spyOn(EventTarget.prototype, 'addEventListener');
    const ended = jest.spyOn(EventTarget.prototype, 'removeEventListener');
    await growHole(database, process, [fact(1)]);
    await keeper.finished();
    const ofEnds = (calls: readonly (readonly unknown[])[]): unknown[] =>
      calls.filter(([type]) => type === 'abort').map(([, listener]) => listener);
    expect(ofEnds(begun.mock.calls).length).toBeGreaterThan(0);
    expect(ofEnds(ended.mock.calls)).toEqual(ofEnds(begun.mock.calls));
  });
});
