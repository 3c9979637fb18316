import { next, send } from '../../support/child-task.js';
import type { Location } from '../../support/engine/engine.js';
import { openStore } from '../../support/engine/open-store.js';

// Opens each log that the test names, appends a fact and closes it. Ends with the test.
for (;;) {
  const location = await next<Location>();
  try {
    const store = openStore(location);
    await store.append([{ event_type: 'opened', payload: {} }]);
    await store.close();
    send(null);
  } catch (error) {
    send(String(error));
  }
}
