import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, FactstrModule, FactstrProjections, FactstrStore } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import type { EventRecord } from 'nestjs-factstr';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { Gate } from '../support/inbox/inbox.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

describe.each(['sqlite', 'postgres'] as const)('Rebuilding a projection, on %s,', (provider) => {
  it('has no process fill the read model before it was cleared', async () => {
    /** The read model of both applications. */
    const calls: string[] = [];
    const begun = new Gate();
    const gate = new Gate();
    class Items {
      @DurableProjection({ name: 'items', query: {} })
      project(facts: EventRecord[]) {
        calls.push(...facts.map(({ sequence_number }) => String(sequence_number)));
      }

      async onReset() {
        calls.push('clearing');
        begun.open();
        await gate.passed;
        calls.push('cleared');
      }
    }
    const options = await optionsOf(provider, fixtures);
    const start = () =>
      fixtures.app({ imports: [FactstrModule.forRoot(options)], providers: [Items] });
    const owner = (await start()).get(FactstrProjections);
    await until(
      async () => (await owner.status('items')).state === 'live',
      () => 'the owner to run',
    );
    const app = await start();
    const other = app.get(FactstrProjections);
    for (let n = 0; n < 2; n++) {
      await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    }
    await other.waitFor('items', 2n);
    const rebuilt = other.rebuild('items');
    await begun.passed;
    // It has lost the lease, and finds it taken.
    await until(
      async () => (await owner.status('items')).state === 'starting',
      () => 'the owner to contend again',
    );
    expect(await owner.status('items')).toMatchObject({
      reason: 'its read model is being cleared',
      position: 0n,
    });
    gate.open();
    await rebuilt;
    await other.waitFor('items', 2n);
    expect(calls).toEqual(['1', '2', 'clearing', 'cleared', '1', '2']);
    expect(await other.interventions('items')).toHaveLength(1);
  });

  it('whose onReset fails says so, and the projection goes on', async () => {
    class Items {
      readonly calls: string[] = [];
      broken = true;

      @DurableProjection({ name: 'items', query: {} })
      project(facts: EventRecord[]) {
        this.calls.push(...facts.map(({ sequence_number }) => String(sequence_number)));
      }

      onReset() {
        if (this.broken) throw new Error('no table');
        this.calls.push('cleared');
      }
    }
    const options = await optionsOf(provider, fixtures);
    const app = await fixtures.app({
      imports: [FactstrModule.forRoot(options)],
      providers: [Items],
    });
    const projections = app.get(FactstrProjections);
    await app.get(FactstrStore).append([{ event_type: 'x', payload: {} }]);
    await projections.waitFor('items', 1n);
    await expect(projections.rebuild('items')).rejects.toThrow('no table');
    app.get(Items).broken = false;
    await projections.rebuild('items');
    await projections.waitFor('items', 1n);
    expect(app.get(Items).calls.slice(-2)).toEqual(['cleared', '1']);
  });
});
