import { expect } from '@jest/globals';
import { FactstrError } from '../../../lib/contract/errors.js';

/** The error of a call, whether it throws or rejects. */
export async function errorOf(call: () => unknown): Promise<FactstrError> {
  try {
    await call();
  } catch (error) {
    expect(error).toBeInstanceOf(FactstrError);
    return error as FactstrError;
  }
  throw new Error('The call succeeded.');
}
