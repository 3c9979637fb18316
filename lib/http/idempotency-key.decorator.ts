import { createHash } from 'node:crypto';
import { BadRequestException, createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { InvalidOptionsError } from '../contract/errors.js';

/**
 * Options of `@IdempotencyKey()`.
 *
 * @publicApi
 */
export interface IdempotencyKeyOptions<Request = never> {
  /**
   * Whose key it is, so that one user's key is not another's: the user's id, or the tenant's and the user's.
   * `'everyone'` for an API whose clients are one.
   */
  scope: 'everyone' | ((request: Request, context: ExecutionContext) => string);
  /** Lets a request without the header pass as `undefined`. Default false: it is answered with 400. */
  optional?: boolean | undefined;
}

/** What the decorator reads of a request, on Express and on Fastify. */
interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly originalUrl?: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** As `"8e03978e"` or as it is: visible ASCII, so that header fields sent twice are refused. */
const KEY = /^(?:"([\x21\x23-\x5b\x5d-\x7e]{1,255})"|([\x21\x23-\x5b\x5d-\x7e]{1,255}))$/;

/**
 * The header `Idempotency-Key` as an `appendId`: the key, its scope, the method and the path make it, as a hash, so
 * that the database holds nothing of the user.
 * ```ts
 * enrol(@Body() command: Enrol, @IdempotencyKey({ scope: (request: Request) => request.user.id }) appendId: string) {
 *   return this.store.decide(enrol, command, { appendId });
 * }
 * ```
 *
 * @throws BadRequestException (400) where the header is missing, or not 1 to 255 visible ASCII characters
 * @throws InvalidOptionsError where `scope` returns no text
 * @publicApi
 */
export function IdempotencyKey<Request>(
  options: IdempotencyKeyOptions<Request>,
): ParameterDecorator {
  const { scope } = options;
  if (scope !== 'everyone' && typeof scope !== 'function') {
    throw new InvalidOptionsError(
      "@IdempotencyKey() needs the option scope: a function that says whose key it is, or 'everyone'.",
    );
  }
  return createParamDecorator((_data: unknown, context: ExecutionContext) =>
    appendIdOf(context, options),
  )();
}

function appendIdOf<Request>(
  context: ExecutionContext,
  { scope, optional }: IdempotencyKeyOptions<Request>,
): string | undefined {
  const request: HttpRequest = context.switchToHttp().getRequest();
  const header = request.headers['idempotency-key'];
  if (header === undefined && optional === true) return undefined;
  const [, quoted, bare] = KEY.exec(String(header ?? '').trim()) ?? [];
  const key = quoted ?? bare;
  if (key === undefined) {
    throw new BadRequestException(
      header === undefined
        ? 'The header Idempotency-Key is missing: a text that the client chooses for each command, and sends again with its repetition.'
        : 'The header Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID.',
    );
  }
  const [path] = (request.originalUrl ?? request.url).split('?');
  const parts = [ownerOf(request as Request, context, scope), request.method, path, key];
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
  return `idempotency-key:${hash}`;
}

function ownerOf<Request>(
  request: Request,
  context: ExecutionContext,
  scope: IdempotencyKeyOptions<Request>['scope'],
): string | null {
  if (scope === 'everyone') return null;
  const owner: unknown = scope(request, context);
  if (typeof owner === 'string' && owner !== '') return owner;
  throw new InvalidOptionsError(
    `The scope of @IdempotencyKey() returned ${owner === '' ? 'an empty text' : `a value of type ${typeof owner}`} for ${context.getClass().name}.${context.getHandler().name}; expected whose key it is, or 'everyone'.`,
  );
}
