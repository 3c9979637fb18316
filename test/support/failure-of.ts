/** The error that a call ends with, whether it throws or rejects; `undefined` when it succeeds. */
export async function failureOf(call: () => unknown): Promise<Error | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
