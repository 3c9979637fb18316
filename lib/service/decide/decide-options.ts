import type { FactStore } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import { isWhole } from '../../contract/numbers.js';
import type { PostgresAppendOptions } from '../../stores/postgres/append/append-inside.js';
import type { OwnAppendOptions } from '../../contract/append-id.js';
import type { FactAppendOptions } from '../metadata/append-metadata.js';

/**
 * Options of `decide`.
 *
 * @publicApi
 */
export interface DecideOptions extends FactAppendOptions {
  /** How often the decision is made again after a conflict. Default 10. */
  retries?: number | undefined;
  /**
   * Once it aborts, the decision is not made again, and what it has decided is not appended: `decide` rejects with the
   * signal's reason. An append that is under way goes on.
   */
  signal?: AbortSignal | undefined;
}

/** Those that are the append's. */
const OF_APPENDS = ['appendId', 'command', 'permanent', 'metadata', 'manager'] as const;

const KNOWN: Record<keyof DecideOptions, true> = {
  retries: true,
  appendId: true,
  command: true,
  metadata: true,
  causedBy: true,
  manager: true,
  signal: true,
};

/** @throws InvalidOptionsError */
export function checkDecideOptions(options: DecideOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidOptionsError(
      `The options of decide are an object such as { retries: 3 }, not ${options === null ? 'null' : `a ${typeof options}`}. Nothing was decided.`,
    );
  }
  for (const key in options) {
    const isKnown = Object.hasOwn(KNOWN, key) || key === 'permanent';
    if (isKnown || options[key as keyof DecideOptions] === undefined) continue;
    throw new InvalidOptionsError(
      `decide has the unknown option ${JSON.stringify(key.slice(0, 60))}; known are ${Object.keys(KNOWN).join(', ')}. Nothing was decided.`,
    );
  }
  const { retries = 0, signal, command, appendId } = options;
  if (!isWhole(retries, 0)) {
    throw new InvalidOptionsError(`retries is ${String(retries)}; expected 0 or more.`);
  }
  if (signal !== undefined && typeof (signal as Partial<AbortSignal>)?.aborted !== 'boolean') {
    throw new InvalidOptionsError('The signal of decide is no AbortSignal. Nothing was decided.');
  }
  if (command !== undefined && appendId === undefined) {
    throw new InvalidOptionsError(
      'The option command is kept beside an appendId, and the decision has none. Nothing was decided. Give it an appendId, or leave the command out.',
    );
  }
}

/** The append's options, without absent ones. `command`: of an append with an id, where it is not given. */
export function appendOptionsOf(
  options: DecideOptions & Pick<OwnAppendOptions, 'permanent'>,
  { capabilities }: FactStore,
  command: unknown,
): PostgresAppendOptions | undefined {
  const given = OF_APPENDS.filter((name) => options[name] !== undefined);
  if (given.length === 0) return undefined;
  const appending: PostgresAppendOptions = Object.fromEntries(
    given.map((name) => [name, options[name]]),
  );
  const isNamed = appending.appendId !== undefined && capabilities?.commands === true;
  // `null` is a command.
  if (isNamed && appending.command === undefined) appending.command = command;
  return appending;
}
