import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { outcomeVerb } from '../../lib/cursors/requests.js';
import { Payloads } from '../../lib/dashboard/payloads.js';
import { journal } from '../../lib/dashboard/views/projection.view.js';

describe('The page’s interventions', () => {
  it.each([
    ['hidden', false],
    ['redacted', true],
    ['shown', true],
  ] as const)(
    'where payloads are %s: the error of a failed request is told: %s',
    (mode, isTold) => {
      const id = randomUUID();
      const verb = outcomeVerb(id, { outcome: 'failed', error: 'no account\nof a-customer' });
      const recorded = { verb, by: 'Grace', position: null, at: '2026-01-01T00:00:00Z' };
      const { text } = journal([recorded], new Payloads(mode));
      expect(text).toContain(`failed ${id}`);
      expect(/account|a-customer/.test(text)).toBe(isTold);
    },
  );
});
