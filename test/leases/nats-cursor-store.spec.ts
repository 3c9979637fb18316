import { describeCursorStore } from '../../lib/testing/conformance/describe-cursor-store.js';
import { databasesOf } from '../support/providers/provider.js';
import { natsProvider } from '../support/providers/nats.js';
import { runner } from '../support/runner.js';
import { describeWith } from '../support/servers/describe-with.js';
import { nats } from '../support/servers/servers.js';

describeWith(nats, 'The cursor store on NATS', () => {
  const createDatabase = databasesOf(natsProvider('memory', { servers: 3 }));
  describeCursorStore(
    runner,
    async () => {
      const database = await createDatabase();
      return [(await database.open()).log.cursorStore, (await database.open()).log.cursorStore];
    },
    { name: 'NATS', hasClock: false },
  );
});
