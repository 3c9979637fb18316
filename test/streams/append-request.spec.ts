import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AppendCall, AppendRequest } from '../../lib/contract/append-request.js';
import type { ContextAppend } from '../../lib/context-index/terms/context-plan.js';
import { MemoryLog } from '../../lib/stores/memory/log.js';
import { FactstrMemoryStore } from '../../lib/stores/memory/store.js';
import { PostgresAppender } from '../../lib/stores/postgres/append/appender.js';
import { FactstrPostgresStore } from '../../lib/stores/postgres/store.js';
import { SqliteAppender } from '../../lib/stores/sqlite/append/appender.js';
import { FactstrSqliteStore } from '../../lib/stores/sqlite/store.js';
import { fact, ofTypes } from '../support/facts/facts.js';
import { Fixtures } from '../support/fixtures/applications.js';

const fixtures = new Fixtures();
afterEach(async () => {
  jest.restoreAllMocks();
  await fixtures.clean();
});

/** The requests that entered a store, each with a field more than the contract has. */
const entered: AppendRequest[] = [];
const marked = (request: ContextAppend): ContextAppend => {
  const more = { ...request, mark: { number: entered.length } };
  entered.push(more);
  return more;
};
afterEach(() => {
  entered.length = 0;
});

class Memory extends FactstrMemoryStore {
  protected override appendRequest(call: AppendCall, known?: readonly string[]): ContextAppend {
    return marked(super.appendRequest(call, known));
  }
}

class Sqlite extends FactstrSqliteStore {
  protected override appendRequest(call: AppendCall, known?: readonly string[]): ContextAppend {
    return marked(super.appendRequest(call, known));
  }
}

class Postgres extends FactstrPostgresStore {
  protected override appendRequest(call: AppendCall, known?: readonly string[]): ContextAppend {
    return marked(super.appendRequest(call, known));
  }
}

const noted = [fact('noted')];

describe('The request of an append is made once, and reaches unchanged what writes it', () => {
  it('in memory', async () => {
    const writes = jest.spyOn(MemoryLog.prototype, 'append');
    const store = new Memory();
    store.append(noted);
    store.appendIf(noted, ofTypes('noted'), 1n);
    expect(entered).toHaveLength(2);
    for (const [index, { facts }] of entered.entries()) {
      expect(writes.mock.calls[index]![0]).toBe(facts);
    }
  });

  it('on SQLite, at once and through the queue', async () => {
    const single = jest.spyOn(SqliteAppender.prototype, 'commit');
    const groups = jest.spyOn(SqliteAppender.prototype, 'commitGroup');
    const store = new Sqlite(join(await fixtures.folder(), 'facts.sqlite'));
    fixtures.later(() => store.close());
    store.append(noted);
    store.appendIf(noted, ofTypes('noted'), 1n);
    const { promises } = store;
    await Promise.all([
      promises.append(noted, { appendId: 'one' }),
      promises.appendIf(noted, ofTypes('noted'), 3n),
    ]);
    expect(entered).toHaveLength(4);
    const written = [...single.mock.calls, ...groups.mock.calls.flat()].flat();
    for (const request of entered) expect(written).toContain(request);
  });

  it('on Postgres, in a group', async () => {
    const groups = jest.spyOn(PostgresAppender.prototype, 'commit');
    const store = new Postgres((await fixtures.database()).url);
    fixtures.later(() => store.close());
    await Promise.all([
      store.append(noted, { appendId: 'one' }),
      store.appendIf(noted, ofTypes('noted'), null),
      store.append(noted),
    ]);
    expect(entered).toHaveLength(3);
    const written = groups.mock.calls.flatMap(([group]) => [...group]);
    for (const request of entered) expect(written).toContain(request);
  });
});

it('A field of the request is named by few files: where it is checked, and where each provider writes it', async () => {
  const lib = fileURLToPath(new URL('../../lib', import.meta.url));
  const files = (await readdir(lib, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const naming: string[] = [];
  for (const file of files) {
    // The service and reactions give appends their ids; the kit tests them.
    if (/^(service|testing)\/|reactions\.ts$/.test(file)) continue;
    const code = (await readFile(join(lib, file), 'utf8')).replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
    if (/\bappendId\b/.test(code.replaceAll(/'[^']*'|`[^`]*`/g, ''))) naming.push(file);
  }
  expect(naming.toSorted()).toEqual([
    'contract/append-id.ts',
    'contract/append-request.ts',
    'contract/contract.types.ts',
    'nats/append/sender.ts',
    'nats/log/message.ts',
    'stores/memory/appender.ts',
    'stores/postgres/append/append-statement.ts',
    'stores/sqlite/append/appender.ts',
  ]);
});
