import { Catch, HttpException, HttpStatus } from '@nestjs/common';
import type { ArgumentsHost } from '@nestjs/common';
import { BaseExceptionFilter } from '@nestjs/core';
import { FactstrExceptionFilter } from 'nestjs-factstr';
import type { FactstrAnswer } from 'nestjs-factstr';
import { RuleViolation, UnknownEntity } from '../domain/rule-violation.js';

/** Answers refusals as `{ reason, message }`: a reason for programs, a message for people. */
@Catch(RuleViolation, UnknownEntity)
export class RefusalsFilter extends BaseExceptionFilter {
  override catch(error: RuleViolation | UnknownEntity, host: ArgumentsHost): void {
    const { reason, message } = error;
    const status = error instanceof UnknownEntity ? HttpStatus.NOT_FOUND : HttpStatus.CONFLICT;
    // oxlint-disable-next-line promise/valid-params, promise/no-promise-in-callback -- not a promise's
    super.catch(new HttpException({ reason, message }, status), host);
  }
}

/** The store's errors likewise; their code is the reason. */
export class StoreErrorsFilter extends FactstrExceptionFilter {
  protected override bodyOf({ code, message }: FactstrAnswer): object {
    return { reason: code.toLowerCase().replaceAll('_', '-'), message };
  }
}
