import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  openReadModel,
  readModelOptions,
} from '../../../sample/enrolment/read-model/read-model.database.js';
import { TestProcess } from '../../support/child-process.js';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';

const PROCESSES = 4;
/** How many databases they open, one after the other. */
const ROUNDS = 8;

const script = new URL('./processes/opener.ts', import.meta.url);

describe(`${PROCESSES} processes of the sample that start at once`, () => {
  let processes: TestProcess[];

  beforeAll(() => {
    processes = Array.from({ length: PROCESSES }, () => new TestProcess(script));
  });

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.kill()));
  });

  it.each(STORAGES)('migrate an empty read model once, on $name', async ({ create }) => {
    for (let round = 0; round < ROUNDS; round++) {
      const storage = await create();
      try {
        for (const process of processes) process.send(storage.env);
        const answers = await Promise.all(processes.map((process) => process.next<string>()));
        expect(answers).toEqual(processes.map(() => 'opened'));
        expect(await migrationsOf(storage)).toEqual([{ name: 'CreateReadModel1795737600000' }]);
      } finally {
        await storage.remove();
      }
    }
  });
});

async function migrationsOf(storage: Storage): Promise<unknown> {
  const dataSource = await openReadModel(readModelOptions(storage.settings));
  try {
    return await dataSource.query('SELECT name FROM read_model_migrations');
  } finally {
    await dataSource.destroy();
  }
}
