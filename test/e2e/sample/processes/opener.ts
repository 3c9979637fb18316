import {
  openReadModel,
  readModelOptions,
} from '../../../../sample/enrolment/read-model/read-model.database.js';
import { Settings } from '../../../../sample/settings.js';
import { next, send } from '../../../support/child-task.js';

await next();
/** Opens the read model of each environment that it is sent, and answers what came of it. */
for (;;) {
  const env = await next<object>();
  try {
    const dataSource = await openReadModel(readModelOptions(new Settings({ ...env })));
    await dataSource.destroy();
    send('opened');
  } catch (error) {
    send((error as Error).stack);
  }
}
