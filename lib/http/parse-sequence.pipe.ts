import { BadRequestException, Injectable, Optional } from '@nestjs/common';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { isSequenceNumber } from '../contract/limits.js';
import { worksBehindProxy } from '../support/behind-proxy.js';

/**
 * Options of `ParseSequencePipe`.
 *
 * @publicApi
 */
export interface ParseSequencePipeOptions {
  /** Lets an absent value pass as `undefined`. Default false. */
  optional?: boolean | undefined;
}

/**
 * Turns decimal text from a request into a sequence number (bigint, 0 to 2^63 - 1).
 *
 * @throws BadRequestException (400) for any other value
 *
 * @publicApi
 */
@Injectable()
export class ParseSequencePipe implements PipeTransform<unknown, bigint | undefined> {
  readonly #optional: boolean;

  constructor(@Optional() options: ParseSequencePipeOptions = {}) {
    worksBehindProxy(this);
    this.#optional = options.optional ?? false;
  }

  transform(value: unknown, metadata?: ArgumentMetadata): bigint | undefined {
    if (this.#optional && (value === undefined || value === null || value === '')) return undefined;
    const isDecimal = typeof value === 'string' && /^\d{1,19}$/.test(value);
    const number = isDecimal ? BigInt(value) : value;
    if (isSequenceNumber(number)) return number;
    const name = metadata?.data ?? 'value';
    throw new BadRequestException(`${name} must be a sequence number: a whole number from 0 on.`);
  }
}
