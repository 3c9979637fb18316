import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STORAGES } from './support/storage.js';
import type { Storage } from './support/storage.js';
import { createSampleApp } from './support/sample-app.js';
import type { SampleApp } from './support/sample-app.js';

describe.each(STORAGES)('What an operator looks at in the sample on $name', ({ create }) => {
  let storage: Storage;
  let app: SampleApp;

  beforeAll(async () => {
    storage = await create();
    app = await createSampleApp(storage.settings);
  });

  afterAll(async () => {
    await app?.close();
    await storage?.remove();
  });

  it('is health', async () => {
    const ready = await app.http.get('/health/ready').expect(200);
    expect(ready.body).toMatchObject({ status: 'ok', info: { factstr: { status: 'up' } } });
    await app.http.get('/health/live').expect(200);
  });

  it('is the page, with the projections of the sample', async () => {
    const { text } = await app.http
      .get('/factstr')
      .expect(200)
      .expect('content-type', /text\/html/);
    expect(text).toContain('enrolment-read-model');
    expect(text).toContain('waiting-lists');
  });

  it('is for this machine, under its own name, only', async () => {
    await app.http.get('/factstr').set('host', 'elsewhere.example').expect(403);
    await app.http.get('/factstr/tail').set('host', 'elsewhere.example').expect(403);
    await app.http.post('/factstr?do=pause&name=waiting-lists').expect(403);
  });
});
