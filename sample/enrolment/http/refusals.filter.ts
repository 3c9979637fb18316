import { Catch, HttpStatus } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import type { Response } from 'express';
import { DecisionConflictError, FactstrError } from 'nestjs-factstr';
import { RuleViolation, UnknownEntity } from '../domain/rule-violation.js';

/** The command's input cannot be stored; the client's to change. */
const BAD_INPUT = new Set(['INVALID_EVENT', 'INVALID_PAYLOAD', 'INVALID_QUERY', 'LIMIT_EXCEEDED']);

/** Answers refusals as `{ reason, message }`: a reason for programs, a message for people. */
@Catch(RuleViolation, UnknownEntity, FactstrError)
export class RefusalsFilter extends BaseExceptionFilter {
  override catch(error: RuleViolation | UnknownEntity | FactstrError, host: ArgumentsHost): void {
    const answer = answerOf(error);
    // oxlint-disable-next-line promise/valid-params -- not a promise's
    if (answer === undefined) return super.catch(error, host);
    const { status, reason, message } = answer;
    host.switchToHttp().getResponse<Response>().status(status).json({ reason, message });
  }
}

interface Answer {
  status: HttpStatus;
  reason: string;
  message: string;
}

function answerOf(error: RuleViolation | UnknownEntity | FactstrError): Answer | undefined {
  const { message } = error;
  if (error instanceof RuleViolation) {
    return { status: HttpStatus.CONFLICT, reason: error.reason, message };
  }
  if (error instanceof UnknownEntity) {
    return { status: HttpStatus.NOT_FOUND, reason: error.reason, message };
  }
  if (error instanceof DecisionConflictError) {
    return {
      status: HttpStatus.CONFLICT,
      reason: 'contended',
      message: 'Others changed the same course or student at every attempt. Please try again.',
    };
  }
  if (BAD_INPUT.has(error.code)) {
    return { status: HttpStatus.BAD_REQUEST, reason: 'invalid-input', message };
  }
  if (error.code === 'INDETERMINATE_APPEND') {
    return {
      status: HttpStatus.SERVICE_UNAVAILABLE,
      reason: 'outcome-unknown',
      message: 'The connection broke meanwhile. Please try again: nothing happens twice.',
    };
  }
  // A store that is closed belongs to a process that is stopping: another one answers.
  if (error.transient || error.code === 'STORE_CLOSED') {
    return {
      status: HttpStatus.SERVICE_UNAVAILABLE,
      reason: 'try-later',
      message: 'The fact store does not answer just now. Nothing was written; please try again.',
    };
  }
  return undefined;
}
