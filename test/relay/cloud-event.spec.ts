import { describe, expect, it } from '@jest/globals';
import { percentDecoded, percentEncoded, structuredText } from 'nestjs-factstr/relay';
import { toCloudEvent } from '../../lib/relay/cloud-event.js';
import { attributesOf } from '../../lib/relay/cloud-event.js';

const FACT = {
  sequence_number: 42n,
  occurred_at: '2026-11-28T10:00:00.123456Z',
  event_type: 'order placed',
  payload: { order_id: 'o-1' },
};

describe('a fact as a CloudEvent', () => {
  it('has the number as its id and, padded, as its sequence', () => {
    const event = toCloudEvent(FACT, { source: '/shop', batchEnd: 44n, metadata: null });
    expect(JSON.parse(structuredText(event))).toEqual({
      specversion: '1.0',
      id: '42',
      source: '/shop',
      type: 'order placed',
      time: '2026-11-28T10:00:00.123456Z',
      datacontenttype: 'application/json',
      sequence: '0000000000000000042',
      batchend: '44',
      data: { order_id: 'o-1' },
    });
  });

  it('orders sequences as texts as numbers are ordered', () => {
    const numbers = [9n, 10n, 99n, 2n ** 63n - 1n];
    const texts = numbers.map(
      (sequence_number) =>
        toCloudEvent(
          { ...FACT, sequence_number },
          { source: '/shop', batchEnd: sequence_number, metadata: null },
        ).sequence,
    );
    expect(texts.toSorted()).toEqual(texts);
  });

  it('tells trace, correlation and cause of the append', () => {
    const metadata = {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      correlation_id: 'r-1',
      causation_id: '41',
      user: 'ann',
    };
    const event = toCloudEvent(FACT, { source: '/shop', batchEnd: 42n, metadata });
    expect(event).toMatchObject({
      traceparent: metadata.traceparent,
      correlationid: 'r-1',
      causationid: '41',
    });
    expect(event).not.toHaveProperty('user');
  });

  it('names no cause of another store', () => {
    const metadata = { causation_id: '41', causation_store: 'billing' };
    const event = toCloudEvent(FACT, { source: '/shop', batchEnd: 42n, metadata });
    expect(event).not.toHaveProperty('causationid');
  });

  it('has names of attributes that CloudEvents allows', () => {
    const metadata = { traceparent: 't', correlation_id: 'c', causation_id: '1' };
    const event = toCloudEvent(FACT, { source: '/shop', batchEnd: 42n, metadata });
    for (const [name] of attributesOf(event)) expect(name).toMatch(/^[a-z0-9]{1,20}$/);
  });
});

describe('the value of a header', () => {
  it('is encoded as the binding says', () => {
    expect(percentEncoded('Euro € 😀')).toBe('Euro%20%E2%82%AC%20%F0%9F%98%80');
    expect(percentEncoded('a"b%c~!#')).toBe('a%22b%25c~!#');
  });

  it('is read back', () => {
    for (const text of ['Euro € 😀', 'a"b%c', '%41', '\u0001\r\n', 'plain']) {
      expect(percentEncoded(text)).toMatch(/^[!-~]*$/);
      expect(percentDecoded(percentEncoded(text))).toBe(text);
    }
    expect(percentDecoded('100%')).toBe('100%');
  });
});
