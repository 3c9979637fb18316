import { afterEach, describe, it } from '@jest/globals';

// Run by `machine-time.spec.ts`, in a Jest of its own.
const forever = (): Promise<void> => new Promise(() => undefined);

it('never ends', forever, 120);

describe('with a hook that never ends', () => {
  afterEach(forever, 130);

  it('fails', () => undefined);
});

it('ends in time', async () => {
  await Promise.resolve();
}, 60_000);
