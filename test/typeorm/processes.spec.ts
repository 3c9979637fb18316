import { afterEach, describe, expect, it } from '@jest/globals';
import { FactstrSqliteStore } from 'nestjs-factstr';
import { DataSource } from 'typeorm';
import { TestProcess } from '../support/child-process.js';
import { Fixtures, optionsOf } from '../support/fixtures/applications.js';
import { effectsOf, numbered, readModelOptions, upTo } from '../support/fixtures/read-models.js';
import type { ReadModelKind } from '../support/fixtures/read-models.js';
import { until } from '../support/waiting/until.js';

const fixtures = new Fixtures();
afterEach(() => fixtures.clean());

describe.each<ReadModelKind>(['sqlite', 'postgres'])('a read model in %s', (kind) => {
  it('applies each fact once over SIGKILLs at any moment', async () => {
    const facts = await optionsOf('sqlite', fixtures);
    const readModel = await readModelOptions(kind, fixtures);
    if (facts.provider !== 'sqlite') throw new Error('unreachable');
    const log = new FactstrSqliteStore(facts.path);
    fixtures.later(() => log.close());
    // More calls than are waited for below, however far a process gets before it is killed.
    const appendSome = (): void => {
      for (let n = 0; n < 20; n++) log.append(numbered(2));
    };
    const script = new URL('./processes/book.ts', import.meta.url);
    const argument = { facts, readModel: withoutEntities(readModel) };
    for (let round = 0; round < 4; round++) {
      appendSome();
      const child = new TestProcess(script, argument);
      // The n-th call is under way when it is killed.
      for (let call = 0; call <= 3 + round * 5; call++) await child.next();
      await child.kill();
    }
    appendSome();
    const last = new TestProcess(script, argument);
    try {
      for (;;) if ((await last.next()) === 200) break;
      const dataSource = await new DataSource({ ...readModel, synchronize: false }).initialize();
      try {
        await until(
          async () => (await effectsOf(dataSource)).length >= 200,
          () => 'the last facts',
        );
        expect(await effectsOf(dataSource)).toEqual(upTo(200));
      } finally {
        await dataSource.destroy();
      }
    } finally {
      await last.kill();
    }
  });
});

function withoutEntities(options: object): object {
  return { ...options, entities: undefined };
}
