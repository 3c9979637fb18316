import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { until } from '../support/waiting/until.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import type { Task } from '../support/processes/projector.js';
import { Application } from '../support/fixtures/projecting-application.js';
import { createEffects } from '../support/fixtures/effects.js';
import type { EffectsTask } from '../support/fixtures/effects.js';

const PROJECTIONS = ['p1', 'p2', 'p3', 'p4'];

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

describe('A new read model in SQLite', () => {
  // A race: it went wrong in every second round.
  it.each([1, 2, 3])('is opened by two processes at once without an error (round %i)', async () => {
    const options = await optionsOf('sqlite', fixtures);
    const path = join(await fixtures.folder(), 'effects.sqlite');
    const effects: EffectsTask = { kind: 'sqlite', path, transactional: true };
    await createEffects(effects);
    const task: Task = { options, projections: PROJECTIONS, effects };
    const later = (undo: () => unknown) => fixtures.later(undo);
    const first = await Application.create(task, later);
    const second = await Application.create(task, later);
    await Promise.all([first.call('start'), second.call('start')]);
    await until(
      async () => (await Promise.all([first.owned(), second.owned()])).flat().length === 4,
      () => 'every projection to be owned',
    );
    for (const status of [...(await first.list()), ...(await second.list())]) {
      expect(status.lastError).toBeNull();
    }
  });
});
