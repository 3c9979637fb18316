import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { NatsCluster } from '../../support/nats/server.js';
import { describeWith } from '../../support/servers/describe-with.js';
import { nats } from '../../support/servers/servers.js';
import { call, prepareCourse } from './support/api.js';
import { createDataDir } from './support/data-dir.js';
import { startSample } from './support/sample-process.js';
import type { SampleProcess } from './support/sample-process.js';

describeWith(nats, 'The sample with its facts on NATS', () => {
  let cluster: NatsCluster;
  const running: SampleProcess[] = [];
  beforeAll(async () => {
    cluster = await NatsCluster.start();
  });
  afterEach(async () => {
    for (const sample of running.splice(0)) await sample.stop('SIGKILL');
  });
  afterAll(() => cluster?.stop());

  const start = async (
    dataDir: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<SampleProcess> => {
    const on = { FACTSTR_NATS_URL: cluster.urls.join(','), DATA_DIR: dataDir };
    const sample = await startSample({ ...on, ...env });
    running.push(sample);
    return sample;
  };

  it('enrols in two processes, and finds everything as it was after a kill', async () => {
    const folder = await createDataDir();
    try {
      const sample = await start(folder.path);
      expect(sample.output()).toContain('Facts on NATS');
      await prepareCourse(sample.url, 1, 2);
      // A file belongs to one process.
      const other = await start(folder.path, { FACTSTR_VIEW: 'memory' });
      const enrol = (url: string, number: number) =>
        call(url, 'POST', '/courses/algebra/enrolments', { student_id: `student-${number}` });
      const [one, two] = await Promise.all([enrol(sample.url, 1), enrol(other.url, 2)]);
      expect(new Set([one.status, two.status])).toEqual(new Set([201, 409]));
      const { sequence_number } = (one.status === 201 ? one : two).body;
      const courses = async (url: string) =>
        (await call(url, 'GET', `/courses?at_least=${sequence_number}`)).body.courses;
      expect(await courses(other.url)).toMatchObject([{ title: 'Linear algebra', free_seats: 0 }]);
      const facts = await call(sample.url, 'GET', '/facts');
      for (const each of running.splice(0)) await each.stop('SIGKILL');

      expect(existsSync(join(folder.path, 'view.sqlite'))).toBe(true);
      const again = await start(folder.path);
      expect(await call(again.url, 'GET', '/facts')).toEqual(facts);
      expect(await courses(again.url)).toMatchObject([{ title: 'Linear algebra', free_seats: 0 }]);
    } finally {
      await folder.remove();
    }
  });
});
