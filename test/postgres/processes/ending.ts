import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { done, next, send } from '../../support/child-task.js';

/** Appends, reads, and ends by itself: with streams it closes the store, without it does not. */
const { url, streaming } = await next<{ url: string; streaming: boolean }>();
const store = new FactstrPostgresStore(url);
if (streaming) await store.streamAll(() => undefined).started;
await store.append([{ event_type: 'noted', payload: {} }]);
const { current_context_version } = await store.query({});
if (streaming) await store.close();
send({ current_context_version });
done();
