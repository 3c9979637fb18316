import { describeCursorStore } from '../../lib/testing/conformance/describe-cursor-store.js';
import { databasesOf } from '../support/providers/provider.js';
import { natsProvider } from '../support/providers/nats.js';
import { runner } from '../support/runner.js';

const createDatabase = databasesOf(natsProvider('memory'));

describeCursorStore(
  runner,
  async () => {
    const database = await createDatabase();
    return [(await database.open()).log.cursorStore, (await database.open()).log.cursorStore];
  },
  { name: 'NATS', hasClock: false },
);
