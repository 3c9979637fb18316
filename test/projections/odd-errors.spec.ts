import { afterEach, describe, expect, it } from '@jest/globals';
import { DurableProjection, OnFacts } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { until } from '../support/waiting/until.js';
import { Fixtures } from '../support/fixtures/applications.js';
import { TestApp, sharedOptions } from '../support/fixtures/two-apps.js';
import { oddErrorNames, oddErrors } from '../support/odd-errors.js';
import type { OddError } from '../support/odd-errors.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

/** Throws what the fact's type names, and takes every other fact. */
function misbehave(facts: EventRecord[]): void {
  const odd = oddErrors[facts[0]!.event_type as OddError] as (() => unknown) | undefined;
  if (odd !== undefined) throw odd();
}

class Parking {
  @DurableProjection({ name: 'parking', query: {}, maxAttempts: 1, onFailure: 'park' })
  project(facts: EventRecord[]) {
    misbehave(facts);
  }
}

class Pausing {
  @DurableProjection({ name: 'pausing', query: {}, maxAttempts: 2 })
  project(facts: EventRecord[]) {
    misbehave(facts);
  }
}

class Live {
  taken = 0;

  @OnFacts()
  onFacts(facts: EventRecord[]) {
    this.taken++;
    misbehave(facts);
  }
}

function expectStorable(text: string): void {
  expect(text).not.toBe('');
  expect(text.length).toBeLessThan(2_200);
  expect(text).not.toContain('\u0000');
  expect(text.isWellFormed()).toBe(true);
}

describe.each(['memory', 'sqlite', 'postgres'] as const)('On %s', (provider) => {
  it('a fact is parked whatever its handler throws, and the operator is obeyed', async () => {
    const app = await TestApp.start(fixtures, await sharedOptions(provider, fixtures), Parking);
    await app.append(...oddErrorNames, 'fine');
    const head = BigInt(oddErrorNames.length + 1);
    await app.shows('parking', { position: head, parked: oddErrorNames.length });
    const parked = await app.projections.parked('parking');
    for (const { error, attempts } of parked) {
      expectStorable(error);
      expect(attempts).toBe(1);
    }
    expect(parked[0]!.error).toBe('be\\u0000fore');
    expect(parked[1]!.error).toBe('outside (in\\u0000side)');
    expect(parked[2]!.error).toBe('half \\ud83d of one');
    expect(parked[3]!.error).toMatch(/^x{1900,}… \(cut: 2000000 characters\)$/);
    // Each of them fails again, and is parked anew with its error.
    await app.projections.retryParked('parking');
    await until(
      async () => (await app.projections.parked('parking'))[0]!.attempts === 2,
      () => 'the first parked fact to be tried again',
    );
    await app.projections.discardParked('parking');
    await app.projections.reset('parking', head);
    await app.append('fine');
    await app.projections.waitFor('parking', head + 1n);
  });

  it.each(['U+0000', 'a Proxy that throws', 'a code of ours that throws'] as const)(
    'maxAttempts holds for %s, and pause, resume, rebuild and reset return',
    async (odd) => {
      const app = await TestApp.start(fixtures, await sharedOptions(provider, fixtures), Pausing);
      await app.append('fine', odd, 'fine');
      const status = await app.shows('pausing', { state: 'paused', position: 1n, attempts: 2 });
      expectStorable(status.reason!);
      expectStorable(status.lastError!);
      await app.projections.resume('pausing');
      await app.projections.pause('pausing');
      await app.projections.rebuild('pausing');
      await app.projections.reset('pausing', 2n);
      await app.projections.resume('pausing');
      await app.projections.waitFor('pausing', 3n);
    },
  );

  it('a live handler goes on whatever it throws, and says what', async () => {
    const app = await TestApp.start(fixtures, await sharedOptions(provider, fixtures), Live);
    for (const [index, odd] of oddErrorNames.entries()) {
      await app.append(odd);
      await until(
        () => app.projections.liveHandlers()[0]!.failures === index + 1,
        () => `the failure ${odd} to be told`,
      );
      expectStorable(app.projections.liveHandlers()[0]!.lastError!);
    }
    await app.append('fine');
    await until(
      () => app.app.get(Live).taken === oddErrorNames.length + 1,
      () => 'the fact after the failures',
    );
  });
});
