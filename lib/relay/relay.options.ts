import { InvalidOptionsError } from '../contract/errors.js';
import type { EventQuery } from '../contract/contract.types.js';
import type { FactType } from '../facts/fact-map.js';
import type { RelayTargetFactory } from './relay-target.js';

/**
 * Options of a relay. Times in milliseconds.
 *
 * @publicApi
 */
export interface FactstrRelayOptions {
  /** Where facts are sent to: `natsTarget({ … })`, or a function that makes a target of your own. */
  target: RelayTargetFactory;
  /** The facts that are sent, as a projection takes them: types, or a query. Default: every fact. */
  query?: FactType | readonly FactType[] | EventQuery | undefined;
  /**
   * The `source` of the events, a URI reference such as `https://shop.example/facts` or `/shop`. With the number it
   * names a fact wherever it goes: give each store one of its own, and keep it. Default: `/<store>`.
   */
  source?: string | undefined;
  /**
   * Where a new relay begins: at the `beginning` (the default), with what is appended from `now` on, or after a fact. A
   * target that tells what it has is expected to have every fact from there on.
   */
  startFrom?: 'beginning' | 'now' | bigint | undefined;
  /** Facts that are sent, and acknowledged, before the cursor moves, at most; a larger append is sent whole. Default 500. */
  maxFacts?: number | undefined;
  /**
   * Failed attempts at the same facts after which the relay pauses, until `FactstrProjections.resume`. Default: never;
   * it goes on by itself, some seconds after the target is back, up to a minute after it takes what it refused.
   */
  maxAttempts?: number | undefined;
  /** The deadline of sending `maxFacts` facts. Default: the module's `timeout`, 30,000. */
  timeout?: number | undefined;
}

/**
 * Options that stand outside the factory of `forRootAsync`.
 *
 * @publicApi
 */
export interface FactstrRelayExtras {
  /** The relay's name, and that of its projection: names its cursor within its store. */
  name: string;
  /** The named store whose facts are sent. Default: the one without a name. */
  store?: string | undefined;
}

/**
 * A class for `forRootAsync({ useClass })` and `forRootAsync({ useExisting })`.
 *
 * @publicApi
 */
export interface FactstrRelayOptionsFactory {
  createFactstrRelayOptions(): FactstrRelayOptions | Promise<FactstrRelayOptions>;
}

const KNOWN: Readonly<Record<keyof FactstrRelayOptions, true>> = {
  target: true,
  query: true,
  source: true,
  startFrom: true,
  maxFacts: true,
  maxAttempts: true,
  timeout: true,
};

/** @throws InvalidOptionsError; what a projection has too is checked with it */
export function checkRelayOptions(name: unknown, options: FactstrRelayOptions): void {
  if (typeof name !== 'string' || name === '') {
    throw new InvalidOptionsError(
      "A relay needs a name: FactstrRelayModule.forRoot({ name: 'to-nats', … }); with forRootAsync it stands outside the factory.",
    );
  }
  const relay = `The relay ${JSON.stringify(name)}`;
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(`${relay} has no options. Return an object from the factory.`);
  }
  for (const option of Object.keys(options)) {
    if (Object.hasOwn(KNOWN, option) || option === 'name' || option === 'store') continue;
    throw new InvalidOptionsError(
      `${relay} has no option ${JSON.stringify(option.slice(0, 60))}; it has ${Object.keys(KNOWN).join(', ')}. Correct it, or leave it out.`,
    );
  }
  if (typeof options.target !== 'function') {
    throw new InvalidOptionsError(
      `${relay} has no target: pass natsTarget({ … }), or a function that makes one of your own.`,
    );
  }
  const { source } = options;
  if (source !== undefined && !(typeof source === 'string' && /^[!-~]+$/.test(source))) {
    throw new InvalidOptionsError(
      `The option source of ${relay.replace('The', 'the')} is no URI reference such as https://shop.example/facts: it is text of printable ASCII characters without spaces.`,
    );
  }
}
