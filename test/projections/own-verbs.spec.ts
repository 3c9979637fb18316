import { afterEach, describe, expect, it } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { ApplyFact, DurableProjection } from 'nestjs-factstr';
import type {
  EventRecord,
  FactstrOptions,
  FactstrProjections,
  ProjectionContext,
} from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { asynchronousStore } from '../support/fixtures/hand-written-stores.js';
import { TestApp, sharedOptions } from '../support/fixtures/two-apps.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** What a projection's handler does besides: once for each fact that is named. */
class Script {
  projections!: FactstrProjections;
  /** Number and attempt of each call. */
  readonly calls: string[] = [];
  readonly resets: string[] = [];
  readonly acts = new Map<number, (projections: FactstrProjections) => Promise<unknown>>();
  onReset: () => Promise<unknown> = async () => undefined;

  async handle(facts: EventRecord[], { attempt }: ProjectionContext): Promise<void> {
    for (const { sequence_number } of facts) {
      const number = Number(sequence_number);
      this.calls.push(`${number}/${attempt}`);
      const act = this.acts.get(number);
      this.acts.delete(number);
      await act?.(this.projections);
    }
  }

  async called(...calls: string[]): Promise<void> {
    await until(
      () => this.calls.length >= calls.length,
      () => `${calls.join(' ')}; called: ${this.calls.join(' ')}`,
    );
    expect(this.calls).toEqual(calls);
  }
}

/** Long enough that what waits for it fails the test. */
const common = { name: 'own', timeout: 120_000 };

const forms: Record<string, (script: Script) => Type> = {
  'a method': (script) => {
    class Own {
      @DurableProjection({ ...common, query: {} })
      project(facts: EventRecord[], context: ProjectionContext) {
        return script.handle(facts, context);
      }

      onReset() {
        script.resets.push('reset');
        return script.onReset();
      }
    }
    return Own;
  },
  'a method that takes many facts': (script) => {
    class Own {
      @DurableProjection({ ...common, query: {}, batch: { maxFacts: 2 } })
      project(facts: EventRecord[], context: ProjectionContext) {
        return script.handle(facts, context);
      }

      onReset() {
        script.resets.push('reset');
        return script.onReset();
      }
    }
    return Own;
  },
  'a class': (script) => {
    @DurableProjection(common)
    class Own {
      @ApplyFact('x')
      apply(fact: EventRecord, context: ProjectionContext) {
        return script.handle([fact], context);
      }

      onReset() {
        script.resets.push('reset');
        return script.onReset();
      }
    }
    return Own;
  },
};

async function start(options: FactstrOptions, form: (script: Script) => Type) {
  const script = new Script();
  const app = await TestApp.start(fixtures, options, form(script));
  script.projections = app.projections;
  await app.shows('own', { state: 'live' });
  return { app, script, projections: app.projections };
}

function expectNothingStuck(): void {
  expect(fixtures.log.of('error')).toEqual([]);
  expect(fixtures.log.of('warn')).toEqual([]);
}

describe.each(['memory', 'sqlite', 'postgres'] as const)('On %s', (provider) => {
  describe.each(Object.entries(forms))('%s may', (_name, form) => {
    const run = async () => start(await sharedOptions(provider, fixtures), form);

    it('pause itself: the call counts, and nothing more comes until resume', async () => {
      const { app, script, projections } = await run();
      script.acts.set(2, () => projections.pause('own', { by: 'breaker' }));
      await app.append('x', 'x');
      const { position } = await app.shows('own', { state: 'paused' });
      expect(position).toBe(2n);
      await app.append('x');
      await script.called('1/1', '2/1');
      const said = await projections.interventions('own');
      expect(said.map(({ verb, by }) => [verb, by])).toEqual([['pause', 'breaker']]);
      await projections.resume('own');
      await projections.waitFor('own', 3n);
      await script.called('1/1', '2/1', '3/1');
      expectNothingStuck();
    });

    it('pause itself and fail: the facts come again after resume', async () => {
      const { app, script, projections } = await run();
      script.acts.set(2, async () => {
        await projections.pause('own');
        throw new Error('the service is down');
      });
      await app.append('x');
      await projections.waitFor('own', 1n);
      await app.append('x');
      await app.shows('own', { state: 'paused', position: 1n });
      await projections.resume('own');
      await projections.waitFor('own', 2n);
      await script.called('1/1', '2/1', '2/1');
    });

    it('reset itself: that wins over the cursor of the call', async () => {
      const { app, script, projections } = await run();
      script.acts.set(2, () => projections.reset('own', 0n));
      await app.append('x', 'x');
      await script.called('1/1', '2/1', '1/1', '2/1');
      await projections.waitFor('own', 2n);
      expect(script.resets).toEqual([]);
      expectNothingStuck();
    });

    it('rebuild itself, and say more while its read model is cleared', async () => {
      const { app, script, projections } = await run();
      script.acts.set(2, () => projections.rebuild('own'));
      script.onReset = () => projections.pause('own', { by: 'onReset' });
      await app.append('x', 'x');
      await app.shows('own', { state: 'paused', position: 0n });
      expect(script.resets).toEqual(['reset']);
      await projections.resume('own');
      await script.called('1/1', '2/1', '1/1', '2/1');
      expectNothingStuck();
    });

    it('say several things: they take effect in order', async () => {
      const { app, script, projections } = await run();
      script.acts.set(1, async () => {
        await projections.pause('own');
        await projections.reset('own', 1n);
        await projections.resume('own');
      });
      await app.append('x');
      let said: string[] = [];
      await until(
        async () => {
          said = (await projections.interventions('own')).map(({ verb }) => verb);
          return said.length === 3;
        },
        () => `three words to be recorded: ${said.join(', ')}`,
      );
      expect(said).toEqual(['pause', 'reset', 'resume']);
      await app.append('x');
      await projections.waitFor('own', 2n);
      await script.called('1/1', '2/1');
      expectNothingStuck();
    });

    it('is told at once what cannot be', async () => {
      const { app, script, projections } = await run();
      let refused: unknown;
      script.acts.set(1, async () => {
        refused = await projections.reset('own', 9n).catch((error: unknown) => error);
      });
      await app.append('x');
      await projections.waitFor('own', 1n);
      expect(refused).toMatchObject({ code: 'INVALID_OPTIONS' });
      expect(await projections.interventions('own')).toEqual([]);
    });
  });

  it('what is said after the call has ended, from its async context, waits as usual', async () => {
    const { app, script, projections } = await start(
      await sharedOptions(provider, fixtures),
      forms['a method']!,
    );
    let later: Promise<string> | undefined;
    script.acts.set(1, async () => {
      later = new Promise((resolve) => setTimeout(resolve, 20)).then(async () => {
        await projections.pause('own');
        return (await projections.status('own')).state;
      });
    });
    await app.append('x');
    await projections.waitFor('own', 1n);
    expect(await later).toBe('paused');
  });
});

describe('On a custom store with the contract only', () => {
  const run = () =>
    start({ provider: 'custom', store: asynchronousStore().store }, forms['a method']!);

  it('a projection may pause itself: the call counts', async () => {
    const { app, script, projections } = await run();
    script.acts.set(2, () => projections.pause('own'));
    await app.append('x', 'x', 'x');
    await app.shows('own', { state: 'paused' });
    await script.called('1/1', '2/1');
    await projections.resume('own');
    await script.called('1/1', '2/1', '3/1');
    expectNothingStuck();
  });

  it('pausing does not wait for a call that is stuck, which never runs twice at a time', async () => {
    let settle: (() => void) | undefined;
    const running = { now: 0, most: 0 };
    class Own {
      @DurableProjection({ name: 'own', query: {}, timeout: 30 })
      async project(facts: EventRecord[]) {
        running.most = Math.max(running.most, ++running.now);
        if (facts[0]!.event_type === 'hang' && settle === undefined)
          await new Promise<void>((resolve) => (settle = resolve));
        running.now--;
      }
    }
    const app = await TestApp.start(
      fixtures,
      { provider: 'custom', store: asynchronousStore().store },
      Own,
    );
    await app.append('hang', 'x');
    await app.shows('own', { state: 'stuck' });
    await app.projections.pause('own');
    await app.shows('own', { state: 'paused' });
    await app.projections.resume('own');
    await app.append('x');
    settle!();
    await app.shows('own', { state: 'live' });
    expect(running.most).toBe(1);
  });
});
