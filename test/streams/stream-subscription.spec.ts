import { describe, expect, it } from '@jest/globals';
import { StreamSubscription, ended } from '../../lib/streams/stream-subscription.js';
import { Gate } from '../support/inbox/inbox.js';
import { settle } from '../support/waiting/until.js';

describe('The end of a subscription', () => {
  it('is waited for where it can be told', async () => {
    const gate = new Gate();
    let over = false;
    const own = new StreamSubscription(new AbortController(), Promise.resolve(), gate.passed);
    const waiting = ended(own).then(() => (over = true));
    await settle();
    expect(over).toBe(false);
    gate.open();
    await waiting;
    const foreign = { unsubscribe: () => undefined, ended: new Promise(() => undefined) };
    await ended(foreign);
  });
});
