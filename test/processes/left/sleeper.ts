import { send } from '../../support/child-task.js';

// Runs until it is ended from outside.
send(process.pid);
setInterval(() => undefined, 1_000);
