import { done, next, send } from '../../support/child-task.js';
import type { Location } from '../../support/engine/engine.js';
import { openStore } from '../../support/engine/open-store.js';
import { write } from '../support/writing.js';
import type { WritingTask } from '../support/writing.js';

// Opens a log, and writes at the test's word.
const { location, task } = await next<{ location: Location; task: WritingTask }>();
const store = openStore(location);
await store.query({});
send('ready');
await next();
send(await write(store, task));
await store.close();
done();
