import { Catch, HttpException, HttpStatus, Optional } from '@nestjs/common';
import type { ArgumentsHost, HttpServer } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { FactstrError } from '../contract/errors.js';

/**
 * What `FactstrExceptionFilter` answers. It holds no payload, and nothing of the database.
 *
 * @publicApi
 */
export interface FactstrAnswer {
  readonly statusCode: HttpStatus;
  /** The error's code. */
  readonly code: string;
  /** For people. */
  readonly message: string;
  /** Seconds after which the same request may succeed, also sent as the header `Retry-After`. */
  readonly retryAfter?: number;
}

/** The request's input cannot be stored: our message names the place, and never the value. */
const OF_INPUT: Readonly<Record<string, HttpStatus>> = {
  INVALID_EVENT: HttpStatus.BAD_REQUEST,
  INVALID_PAYLOAD: HttpStatus.BAD_REQUEST,
  INVALID_QUERY: HttpStatus.BAD_REQUEST,
  INVALID_VERSION: HttpStatus.BAD_REQUEST,
  INVALID_APPEND_ID: HttpStatus.BAD_REQUEST,
  LIMIT_EXCEEDED: HttpStatus.PAYLOAD_TOO_LARGE,
  INVALID_FACT: HttpStatus.UNPROCESSABLE_ENTITY,
};

const CONTENDED = {
  statusCode: HttpStatus.CONFLICT,
  message: 'Others changed the same things at every attempt. Nothing was written; try again.',
};
const REUSED = {
  statusCode: HttpStatus.UNPROCESSABLE_ENTITY,
  message: 'The idempotency key was used for another request before. Nothing was written.',
};
const UNKNOWN = {
  statusCode: HttpStatus.SERVICE_UNAVAILABLE,
  message:
    'The connection to the fact store broke: whether it was written is not known. Repeat the request with its idempotency key.',
  retryAfter: 1,
};
const UNAVAILABLE = {
  statusCode: HttpStatus.SERVICE_UNAVAILABLE,
  message: 'The fact store does not answer just now. Nothing was written; try again.',
  retryAfter: 1,
};
const BEHIND = {
  statusCode: HttpStatus.SERVICE_UNAVAILABLE,
  message: 'What was asked for is not up to date yet; try again.',
  retryAfter: 1,
};

/**
 * Answers this package's errors over HTTP: 409 for a decision that met a conflict at every attempt, 422 for what a
 * schema refuses and for an idempotency key of another request, 400 and 413 for input that cannot be stored, 503 with
 * `Retry-After` where the same request may succeed later. Every other one is an error of the application: it is logged
 * and answered as 500.
 *
 * ```ts
 * { provide: APP_FILTER, useClass: FactstrExceptionFilter }   // or
 * app.useGlobalFilters(new FactstrExceptionFilter(app.getHttpAdapter()));
 * ```
 *
 * A subclass changes the body (`bodyOf`), or what is answered (`answerOf`). Outside HTTP the error is passed on.
 *
 * @publicApi
 */
@Catch(FactstrError)
export class FactstrExceptionFilter extends BaseExceptionFilter<FactstrError> {
  constructor(@Optional() adapter?: HttpServer) {
    super(adapter);
  }

  override catch(error: FactstrError, host: ArgumentsHost): void {
    if (host.getType() !== 'http') throw error;
    const answer = this.answerOf(error);
    // oxlint-disable-next-line promise/valid-params -- not a promise's
    if (answer === undefined) return super.catch(error, host);
    const { statusCode, retryAfter } = answer;
    const adapter = this.applicationRef ?? this.httpAdapterHost?.httpAdapter;
    if (retryAfter !== undefined) {
      const response: unknown = host.switchToHttp().getResponse();
      adapter?.setHeader?.(response, 'Retry-After', String(retryAfter));
    }
    const body = this.bodyOf(answer, error);
    const answered = new HttpException(body, statusCode, { cause: error });
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- not a promise's
    super.catch(answered as never, host);
  }

  /** What is answered; `undefined` for an error of the application. */
  protected answerOf(error: FactstrError): FactstrAnswer | undefined {
    const { code, message, transient } = error;
    const status = OF_INPUT[code];
    if (status !== undefined) return { statusCode: status, code, message };
    if (code === 'DECISION_CONFLICT') return { ...CONTENDED, code };
    if (code === 'APPEND_ID_REUSED') return { ...REUSED, code };
    if (code === 'INDETERMINATE_APPEND') return { ...UNKNOWN, code };
    if (code === 'WAIT_TIMEOUT') return { ...BEHIND, code };
    // A store that is closed belongs to a process that is stopping: another one answers.
    if (transient || code === 'STORE_CLOSED') return { ...UNAVAILABLE, code };
    return undefined;
  }

  /** The body of an answer. */
  protected bodyOf(answer: FactstrAnswer, _error: FactstrError): object {
    return answer;
  }
}
