import { openView } from '../../../lib/stores/log-views.js';
import { done, next, send } from '../../support/child-task.js';
import { callOf } from '../support/calls.js';
import { RETENTION } from '../support/views.js';

/** Applies call after call to the view of a file, and says so, until it is killed or told to end. */
const { file, only } = await next<{ file: string; only?: 'open' }>();
try {
  const view = openView(file, { appendIdRetention: RETENTION });
  send('open');
  if (only === undefined) {
    for (let call = Number(view.note() ?? 0) + 1; ; call++) {
      view.apply(callOf(call), String(call));
      send(call);
      // A killed process sends no more; one that nothing reads from would fill its pipe.
      if (call % 4 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await next();
  view.close();
} catch (error) {
  send({ code: (error as { code?: unknown }).code, message: (error as Error).message });
}
done();
