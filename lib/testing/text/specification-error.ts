/**
 * What a test of the kit fails with. `expected` and `actual` are for runners that show them.
 *
 * @publicApi
 */
export class SpecificationError extends Error {
  override readonly name = 'SpecificationError';
  readonly expected: unknown;
  readonly actual: unknown;

  constructor(
    message: string,
    values: { expected?: unknown; actual?: unknown; cause?: unknown } = {},
  ) {
    super(message, values.cause === undefined ? undefined : { cause: values.cause });
    this.expected = values.expected;
    this.actual = values.actual;
  }
}
