import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MutantJudge } from './runner/judge.js';
import type { Verdict } from './runner/judge.js';
import type { MeasuredTest } from './runner/protocol.js';
import { TestProcess } from './runner/test-process.js';

const FILE = 'test/mutants/fixtures/judged.ts';

describe('The judge of mutants', () => {
  let tests: readonly MeasuredTest[];
  let judge: MutantJudge;

  beforeEach(async () => {
    const { process, broken } = await TestProcess.start('', [FILE]);
    try {
      expect(broken).toEqual([]);
      ({ tests } = await process.measure());
    } finally {
      await process.end();
    }
    judge = new MutantJudge('', tests, 10_000);
  });
  afterEach(() => judge.end());

  const idOf = (name: string): string => `${FILE}: Judged › ${name}`;
  const judged = (mutant: string, isStatic = false): Promise<Verdict> =>
    judge.judge({ mutant, file: FILE, hitLimit: 100, static: isStatic });

  it('measures all tests, and finds none that fails', () => {
    expect(tests.map(({ failure }) => failure)).toEqual(tests.map(() => undefined));
    expect(tests.map(({ id }) => id)).toContain(idOf('notices'));
    expect(tests.find(({ id }) => id === idOf('passes'))!.line).toBeGreaterThan(15);
  });

  it('lets a mutant survive that nothing notices, whatever was judged before it', async () => {
    const survived = { status: 'survived', ran: tests.length };
    expect(await judged('none')).toEqual(survived);
    expect(await judged('wrong')).toMatchObject({ status: 'killed', test: idOf('notices') });
    expect(await judged('none')).toMatchObject({ status: 'survived' });
    expect(await judged('spoils')).toMatchObject({ status: 'killed', test: idOf('is spoiled') });
    expect(await judged('none')).toMatchObject({ status: 'survived' });
    expect(await judged('spoils in passing')).toMatchObject({ status: 'survived' });
    expect(await judged('none')).toMatchObject({ status: 'survived' });
  });

  it.each(['hangs', 'blocks', 'turns endlessly', 'ends the process'])(
    'takes a mutant that %s for noticed, and goes on',
    async (mutant) => {
      expect(await judged(mutant)).toMatchObject({ status: 'timeout' });
      expect(await judged('wrong')).toMatchObject({ status: 'killed' });
      expect(await judged('none')).toMatchObject({ status: 'survived' });
    },
  );

  it('counts an error beside a test when it comes again', async () => {
    const noticed = { status: 'killed', test: idOf('rejects beside') };
    expect(await judged('rejects beside')).toMatchObject(noticed);
  });

  it('loads the files anew for a mutant of what runs at loading', async () => {
    expect(await judged('static')).toMatchObject({ status: 'survived' });
    const noticed = { status: 'killed', test: idOf('looks at what was loaded') };
    expect(await judged('static', true)).toMatchObject(noticed);
    expect(await judged('static')).toMatchObject({ status: 'survived' });
  });
});
