import { describe, expect, it } from '@jest/globals';
import { InvalidOptionsError, ProjectionBehindError } from '../../lib/contract/errors.js';
import { ActiveVersions } from '../../lib/module/projections/active-versions.js';
import type { RegisteredProjection } from '../../lib/module/projections/registered-projection.js';

/** What the cursor store of a store holds: versions by names. */
class CursorStore {
  readonly active = new Map<string, number>();
  readonly said: unknown[] = [];
  isGone = false;

  async activeVersion(name: string): Promise<number | undefined> {
    if (this.isGone) throw new Error('the database does not answer');
    return this.active.get(name);
  }

  async activate(name: string, version: number, by: string | null): Promise<void> {
    this.active.set(name, version);
    this.said.push([name, version, by]);
  }
}

interface Stand {
  name?: string;
  storeName?: string;
  position?: bigint | null;
  /** Of the status, where it is another one by then. */
  shown?: bigint | null;
  head?: bigint | null;
  state?: string;
}

/** A projection that stands where it is told to. */
function projection(
  version: number,
  cursorStore: CursorStore | undefined,
  {
    name = 'p',
    storeName = 's',
    position = 3n,
    shown = position,
    head = 3n,
    state = 'live',
  }: Stand = {},
): RegisteredProjection {
  const status = async (): Promise<unknown> => ({
    name,
    version,
    position: shown,
    head,
    state,
    reason: null,
  });
  return {
    name,
    version,
    storeName,
    cursorStore,
    status,
    position: async () => position,
  } as unknown as RegisteredProjection;
}

describe('The version that reads are to use', () => {
  const versions = new ActiveVersions();
  const switchTo = (to: RegisteredProjection, force = false): Promise<boolean> =>
    versions.switchTo(to, { by: 'ann', force });

  it('is the lowest one until it was switched, then that', async () => {
    const cursorStore = new CursorStore();
    const all = [3, 2, 4].map((version) => projection(version, cursorStore));
    expect(await versions.read(all)).toBe(2);
    expect(await switchTo(all[0]!)).toBe(true);
    expect(await versions.read(all)).toBe(3);
    expect(cursorStore.said).toEqual([['p', 3, 'ann']]);
    // Also one that is not registered here: another process has it.
    cursorStore.active.set('p', 9);
    expect(await versions.read(all)).toBe(9);
  });

  it('is told as it was last read where the database does not answer', async () => {
    const told = new ActiveVersions();
    const cursorStores = [new CursorStore(), new CursorStore()] as const;
    const of = (storeName: string, name: string): RegisteredProjection[] =>
      [1, 2, 3].map((version) =>
        projection(version, cursorStores[storeName === 's' ? 0 : 1], { storeName, name }),
      );
    cursorStores[0].active.set('p', 2);
    cursorStores[1].active.set('p', 3);
    expect(await told.told(of('s', 'p'))).toBe(2);
    expect(await told.read(of('t', 'p'))).toBe(3);
    expect(await told.told(of('t', 'q'))).toBe(1);
    for (const cursorStore of cursorStores) cursorStore.isGone = true;
    expect(await told.told(of('s', 'p'))).toBe(2);
    expect(await told.told(of('t', 'p'))).toBe(3);
    expect(await told.told(of('s', 'q'))).toBe(1);
    await expect(told.read(of('s', 'p'))).rejects.toThrow('does not answer');
  });

  it('does not change to what it is', async () => {
    const cursorStore = new CursorStore();
    cursorStore.active.set('p', 2);
    expect(await switchTo(projection(2, cursorStore, { position: null }))).toBe(false);
    expect(cursorStore.said).toEqual([]);
  });

  it.each<[string, Stand]>([
    ['stands at the head', {}],
    ['stands at the head of an empty log', { position: 0n, head: 0n }],
    ['is beyond the head that it was asked for', { position: 4n, shown: 3n }],
  ])('changes to one that %s', async (_, stand) => {
    expect(await switchTo(projection(2, new CursorStore(), stand))).toBe(true);
  });

  it('changes to none that has not caught up, unless it is forced', async () => {
    const behind: Stand[] = [
      { position: 2n },
      { position: null, head: 0n },
      { head: null },
      { position: 4n, head: 3n },
      { position: 1n, head: 0n },
      { state: 'stopped' },
    ];
    await Promise.all(
      behind.map(async (stand) => {
        const cursorStore = new CursorStore();
        await expect(switchTo(projection(2, cursorStore, stand))).rejects.toThrow(
          ProjectionBehindError,
        );
        expect(cursorStore.said).toEqual([]);
        expect(await switchTo(projection(2, cursorStore, stand), true)).toBe(true);
      }),
    );
  });

  it('waits for a projection that is about to arrive', async () => {
    const cursorStore = new CursorStore();
    const arriving = projection(2, cursorStore);
    let looks = 0;
    Object.assign(arriving, { position: async () => (looks++ < 3 ? 2n : 3n) });
    expect(await switchTo(arriving)).toBe(true);
    expect(looks).toBe(4);
  });

  it('changes to one that has reached the head as it was when asked', async () => {
    const cursorStore = new CursorStore();
    const following = projection(2, cursorStore);
    let head = 3n;
    const status = async (): Promise<unknown> => ({ state: 'live', position: 3n, head: head++ });
    Object.assign(following, { status });
    expect(await switchTo(following)).toBe(true);
  });

  it('cannot be changed where the store keeps none', async () => {
    const switching = switchTo(projection(2, undefined));
    await expect(switching).rejects.toThrow(InvalidOptionsError);
    await expect(switching).rejects.toThrow('switchTo');
    await expect(switching).rejects.toThrow('"p"');
    expect(await versions.read([projection(2, undefined), projection(1, undefined)])).toBe(1);
  });
});
