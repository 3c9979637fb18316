import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { TestFolder } from '../support/sqlite/folder.js';
import { createDatabase } from '../support/postgres.js';
import { runAwaiting } from '../support/fixtures/awaiting.js';
import { insertForeignFacts } from '../support/fixtures/foreign-log.js';

// Processes, some of which wait for the end of a patience.
jest.setTimeout(120_000);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

const later = (cleanUp: () => unknown): void => void cleanUps.push(cleanUp);

/** An empty log. */
async function newPlace(provider: string): Promise<string> {
  if (provider === 'memory') return '';
  if (provider === 'sqlite') {
    const folder = new TestFolder();
    cleanUps.push(() => folder.dispose());
    return folder.file();
  }
  const database = await createDatabase();
  cleanUps.push(() => database.drop());
  return database.url;
}

/** A log that another engine has filled: nothing of it is indexed. */
async function foreignLog(provider: string): Promise<string> {
  const place = await newPlace(provider);
  await runAwaiting('close', provider, place, later);
  await insertForeignFacts(provider, place, 20_000);
  return place;
}

describe.each(['memory', 'sqlite', 'postgres'])(
  'A script on %s goes on after awaiting',
  (provider) => {
    it.each([
      'close',
      'close of a store that was never used',
      'close with a stuck live handler',
      'close with a stuck durable handler',
      'the service’s close with a stuck handler',
      'the start of a stream',
      'a registration, and its end',
      'a decision, and what is read',
    ])('%s', async (what) => {
      expect(await runAwaiting(what, provider, await newPlace(provider), later)).toEqual({
        code: 0,
        last: `after: ${what}`,
        errors: '',
      });
    });
  },
);

describe.each(['sqlite', 'postgres'])(
  'A script on an existing %s log goes on after awaiting',
  (provider) => {
    it.each([
      'close while the index is being built',
      'close right after the index began to be built',
      'the whole index',
    ])('%s', async (what) => {
      expect(await runAwaiting(what, provider, await foreignLog(provider), later)).toEqual({
        code: 0,
        last: `after: ${what}`,
        errors: '',
      });
    });
  },
);

describe.each(['memory', 'sqlite', 'postgres'])('An application on %s ends after', (provider) => {
  it.each([
    'app.close() at once',
    'app.close() with stuck handlers',
    'the store’s close with stuck handlers',
    'what projections are asked',
  ])('%s', async (what) => {
    const place = await newPlace(provider);
    expect(await runAwaiting(what, provider, place, later, 'application')).toEqual({
      code: 0,
      last: `after: ${what}`,
      errors: '',
    });
  });
});

describe('A script without a server goes on after awaiting', () => {
  it('close', async () => {
    const what = 'a server that is down';
    const nowhere = 'postgres://a@127.0.0.1:9/none';
    const { code, last } = await runAwaiting(what, 'postgres', nowhere, later);
    expect({ code, last }).toEqual({ code: 0, last: `after: ${what}` });
  });
});
