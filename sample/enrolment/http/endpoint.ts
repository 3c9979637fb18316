import { applyDecorators } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiOperation,
  ApiResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { RuleReason, UnknownReason } from '../domain/rule-violation.js';
import { InvalidInputDto, RefusalDto } from './answers.dto.js';

/** What an endpoint answers, by status: a body, or refusals with one of these reasons. */
interface Answers {
  200?: Type;
  201?: Type;
  404?: UnknownReason[];
  409?: (RuleReason | 'contended')[];
}

/** Describes an endpoint. */
export function ApiEndpoint(summary: string, answers: Answers): MethodDecorator {
  const responses = Object.entries(answers).map(([status, answer]: [string, Type | string[]]) =>
    ApiResponse({
      status: Number(status),
      ...(Array.isArray(answer)
        ? { type: RefusalDto, description: answer.map((reason) => `\`${reason}\``).join(', ') }
        : { type: answer }),
    }),
  );
  return applyDecorators(ApiOperation({ summary }), ...responses);
}

/** Describes a controller whose endpoints take input and need the store. */
export function ApiEndpoints(tag: string): ClassDecorator {
  return applyDecorators(
    ApiTags(tag),
    ApiBadRequestResponse({ type: InvalidInputDto }),
    ApiServiceUnavailableResponse({
      type: RefusalDto,
      description: '`try-later` (nothing was written), `outcome-unknown` (it may have been)',
    }),
  );
}
