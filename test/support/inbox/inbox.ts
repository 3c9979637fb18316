import { inboxOf } from '../../../lib/testing/conformance/support/inbox.js';
import { until } from '../waiting/until.js';

export { Gate } from '../../../lib/testing/conformance/support/inbox.js';

/** A handler that keeps what it was given, and waits by the machine's time. */
export class Inbox extends inboxOf(until) {}
