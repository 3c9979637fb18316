import { applyDecorators } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiHeader,
  ApiOperation,
  ApiResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { RuleReason, UnknownReason } from '../domain/rule-violation.js';
import { IdempotencyKey } from 'nestjs-factstr';
import { CommittedDto, InvalidInputDto, RefusalDto } from './answers.dto.js';

/** What an endpoint answers, by status: a body, or refusals with one of these reasons. */
interface Answers {
  200?: Type;
  201?: Type;
  404?: UnknownReason[];
  409?: RuleReason[];
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

/** Describes a command. */
export function ApiCommand(summary: string, refusals: Omit<Answers, 200 | 201>): MethodDecorator {
  return applyDecorators(
    ApiEndpoint(summary, refusals),
    ApiResponse({ status: '2XX', type: CommittedDto }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Chosen by the client; sent again with the same request, it answers as the first time.',
    }),
  );
}

/** The header `Idempotency-Key` as an append's id. The sample has no users. */
export const RequestKey = (): ParameterDecorator =>
  IdempotencyKey({ scope: 'everyone', optional: true });

/** Describes a controller whose endpoints take input and need the store. */
export function ApiEndpoints(tag: string): ClassDecorator {
  return applyDecorators(
    ApiTags(tag),
    ApiBadRequestResponse({ type: InvalidInputDto }),
    ApiServiceUnavailableResponse({
      type: RefusalDto,
      description: 'Try again later, with the same `Idempotency-Key`.',
    }),
  );
}
