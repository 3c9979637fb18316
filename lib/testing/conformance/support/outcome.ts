import { FactstrError } from '../../../contract/errors.js';

/** The error of a call, whether it throws or rejects, which is to be one of this package. */
export async function errorOf(call: () => unknown): Promise<FactstrError> {
  try {
    await call();
  } catch (error) {
    if (error instanceof FactstrError) return error;
    throw new Error(`The call failed, yet with no FactstrError: ${String(error)}`, {
      cause: error,
    });
  }
  throw new Error('The call succeeded.');
}
