import Database from 'better-sqlite3';
import { done, next, send } from '../../support/child-task.js';

// Holds the write lock of a database until the test's next message.
const database = new Database(await next<string>());
database.exec('BEGIN IMMEDIATE');
send('locked');
await next();
database.exec('ROLLBACK');
database.close();
done();
