import { numbers } from '../../conformance/support/facts.js';
import { next, send } from '../../support/child-task.js';
import type { Location } from '../support/engine.js';
import { openStore } from '../support/open-store.js';

// Runs a durable stream and tells what it is given, until it is killed.
const { location, name } = await next<{ location: Location; name: string }>();
const store = openStore(location);
await store.streamAllDurable({ name }, (events) => send(numbers(events)));
send('running');
await next();
