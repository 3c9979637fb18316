import { describe } from '@jest/globals';
import { foundNatsServer } from '../nats/binary.js';
import { describeWith } from './describe-with.js';
import { nats } from './servers.js';

/** Looks for the server, and fetches none: a suite of all providers runs where only the others are tested, too. */
const natsIfFetched = {
  ...nats,
  from: 'npm run test:servers',
  isThere: () => foundNatsServer() !== undefined,
};

/** Tests for each provider; `%s` in the name is the provider's. Where NATS cannot be had, a test says so by its name. */
export function describeOn<P extends string>(
  providers: readonly P[],
  name: string,
  tests: (provider: P) => void,
): void {
  for (const provider of providers) {
    const here = name.replace('%s', provider);
    if (provider === 'nats') describeWith(natsIfFetched, here, () => tests(provider));
    else describe(here, () => tests(provider));
  }
}
