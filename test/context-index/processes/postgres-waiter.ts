import { FactstrPostgresStore } from '../../../lib/stores/postgres/store.js';
import { done, next } from '../../support/child-task.js';

// Waits for the index, and has nothing else that would keep the process.
const { url } = await next<{ url: string }>();
done();
const store = new FactstrPostgresStore(url);
await store.contextIndex();
await store.contextsIndexed();
