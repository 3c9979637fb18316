import { InvalidArgumentError, Option } from 'commander';
import { MAX_SEQUENCE_NUMBER } from '../contract/limits.js';

// Values of options. What they throw is shown as a mistake of the command line.

/** For an option that may be given several times. */
export function collect<T>(parse: (text: string) => T): (text: string, former?: T[]) => T[] {
  return (text, former = []) => [...former, parse(text)];
}

/** @throws InvalidArgumentError */
export function sequenceNumber(text: string): bigint {
  const number = /^\d{1,19}$/.test(text) ? BigInt(text) : -1n;
  if (number < 0n || number > MAX_SEQUENCE_NUMBER) {
    throw new InvalidArgumentError('It is a sequence number, a whole number from 0.');
  }
  return number;
}

/** @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new InvalidArgumentError('It is a whole number from 0.');
  return number;
}

/** @throws InvalidArgumentError */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError(`It is JSON, such as '{"sku":"a"}'.`);
  }
}

/** The option of every command that has another form for programs. */
export function jsonOption(): Option {
  return new Option('--json', 'prints JSON, a value on each line');
}
