import { expect, it } from '@jest/globals';
import { DatabaseUnavailableError } from '../../../lib/contract/errors.js';
import type { NatsServer } from '../../support/nats/server.js';
import { Random } from '../../support/random.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { nats } from '../../support/servers/servers.js';
import { until } from '../../support/waiting/until.js';
import { at, natsCursors, owner } from './support.js';
import type { OpenedCursors } from './support.js';

const NAMES = ['p', 'q'];
const OWNERS = ['a', 'b', 'c'];
/** What a store asks for under one epoch, at the most. */
const PER_EPOCH = 30;
const SEED = Number(process.env['FACTSTR_SEED'] ?? 1 + Math.floor(Math.random() * 1e6));

/** A call that was answered with yes. `position`: where it left the cursor, or found it. */
interface Done {
  readonly owner: string;
  readonly name: string;
  readonly epoch: bigint;
  readonly position: bigint;
}

/** What was answered, in the order of the answers, and what must not have been. */
class History {
  readonly claims: Done[] = [];
  readonly advances: Done[] = [];
  readonly wrong: string[] = [];
  readonly #newest = new Map<string, bigint>();
  readonly #farthest = new Map<string, bigint>();
  refused = 0;
  unanswered = 0;

  claimed(done: Done): void {
    this.claims.push(done);
    if (done.epoch > this.newestEpoch(done.name)) this.#newest.set(done.name, done.epoch);
  }

  advanced(done: Done): void {
    this.advances.push(done);
    if (done.position > this.farthest(done.name)) this.#farthest.set(done.name, done.position);
  }

  newestEpoch(name: string): bigint {
    return this.#newest.get(name) ?? 0n;
  }

  farthest(name: string): bigint {
    return this.#farthest.get(name) ?? 0n;
  }
}

/** Takes leases from one another, whether their owners live or not, and advances until it is refused. */
async function own(
  { cursors }: OpenedCursors,
  { id, random, history }: { id: string; random: Random; history: History },
): Promise<void> {
  const name = random.pick(NAMES);
  const known = history.farthest(name);
  const seen = (await cursors.find(name))!;
  if (seen.position < known)
    history.wrong.push(`${name} went back from ${known}: ${seen.position}`);
  const epoch = await cursors.claim(name, seen, owner(id));
  if (epoch === undefined) return;
  const { position: start } = (await cursors.find(name))!;
  history.claimed({ owner: id, name, epoch, position: start });
  let position = start;
  for (let left = random.int(1, PER_EPOCH); left > 0; left--) {
    const newest = history.newestEpoch(name);
    position++;
    if (!(await cursors.advance(name, epoch, at(position)))) {
      history.refused++;
      return;
    }
    if (newest > epoch) history.wrong.push(`${id} advanced ${name} under ${epoch} after ${newest}`);
    history.advanced({ owner: id, name, epoch, position });
  }
}

describeWith(nats, 'The cursor store while the servers of its bucket fail', () => {
  const { cluster, open, stream } = natsCursors({ servers: 3, sync: '2m' });

  it(`keeps cursors and fences, the leader killed and frozen (seed ${SEED})`, async () => {
    const bucket = stream();
    const history = new History();
    const stores = await Promise.all(OWNERS.map(() => open(bucket, { requestTimeout: 15_000 })));
    for (const name of NAMES) await stores[0]!.cursors.open(name, '{}', 0n);
    const over = new AbortController();
    const working = stores.map(async (store, place) => {
      const id = OWNERS[place]!;
      const random = new Random(Random.seedOf(SEED, id));
      while (!over.signal.aborted) {
        await own(store, { id, random, history }).catch((error: unknown) => {
          if (!(error instanceof DatabaseUnavailableError)) throw error;
          // It may have advanced nevertheless: the next owner reads where it stands.
          history.unanswered++;
        });
      }
    });
    const failed = Promise.all(working);
    failed.catch(() => undefined);

    /** Waits until so many stores have advanced under epochs that they claimed after this moment. */
    const goOn = async (what: string, count = OWNERS.length): Promise<void> => {
      const { length } = history.claims;
      const late = (): string[] => {
        const fresh = new Set(history.claims.slice(length).map(({ name, epoch }) => name + epoch));
        const went = history.advances.filter(({ name, epoch }) => fresh.has(name + epoch));
        return OWNERS.filter((id) => !went.some((one) => one.owner === id));
      };
      const passed = until(
        () => late().length <= OWNERS.length - count,
        () => `${late().join(', ')} to go on ${what}`,
      );
      await Promise.race([passed, failed]);
    };
    const leader = async (): Promise<NatsServer> => {
      const { servers } = await cluster();
      let found: NatsServer | undefined;
      await until(
        async () => {
          const { manager } = stores[0]!.link;
          const info = await manager.streams.info(`KV_${bucket}-cursors`).catch(() => undefined);
          found = servers.find(({ name }) => name === info?.cluster?.leader);
          return found !== undefined;
        },
        () => 'a leader of the bucket',
      );
      return found!;
    };

    await goOn('at first');
    const killed = await leader();
    await killed.kill('SIGKILL');
    await goOn('after a kill');
    killed.start();
    await killed.ready();
    const frozen = await leader();
    // Woken as soon as another one leads, while stores are still connected to it.
    frozen.signal('SIGSTOP');
    await goOn('beside a frozen server', 1);
    frozen.signal('SIGCONT');
    await frozen.ready();
    await goOn('after all');
    over.abort();
    await failed;

    expect(history.wrong).toEqual([]);
    expect(history.refused).toBeGreaterThan(0);
    for (const name of NAMES) {
      const claims = history.claims.filter((one) => one.name === name);
      const epochs = claims.map(({ epoch }) => epoch);
      expect(new Set(epochs).size).toBe(epochs.length);
      // In the order of epochs, each goes on from where the one before had come, at least.
      let last = 0n;
      for (const claim of claims.toSorted((a, b) => Number(a.epoch - b.epoch))) {
        const under = history.advances.filter(
          (one) => one.name === name && one.epoch === claim.epoch,
        );
        expect(claim.position).toBeGreaterThanOrEqual(last);
        for (const { owner: by, position } of under) {
          expect(by).toBe(claim.owner);
          expect(position).toBeGreaterThan(last);
          last = position;
        }
      }
      for (const { cursors } of stores) {
        const stored = (await cursors.find(name))!;
        expect(stored.position).toBeGreaterThanOrEqual(last);
        expect(stored.epoch).toBeGreaterThanOrEqual(history.newestEpoch(name));
        expect(await cursors.advance(name, stored.epoch - 1n, at(stored.position + 1n))).toBe(
          false,
        );
      }
    }
    console.info(
      `seed ${SEED}: ${history.claims.length} claims, ${history.advances.length} advances, ${history.refused} refused to former owners, ${history.unanswered} without an answer`,
    );
  });
});
