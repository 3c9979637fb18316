import { numbers } from '../../support/facts/facts.js';
import { next, send } from '../../support/child-task.js';
import type { Location } from '../../support/engine/engine.js';
import { openStore } from '../../support/engine/open-store.js';

// Runs a durable stream and tells what it is given, until it is killed.
const { location, name } = await next<{ location: Location; name: string }>();
const store = openStore(location);
await store.streamAllDurable({ name }, (events) => send(numbers(events)));
send('running');
await next();
