import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { ApiPropertyOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';

export const MAX_CAPACITY = 1_000;

const ID = /^[A-Za-z0-9_-]{1,64}$/;
const NO_ID = '$property must be 1 to 64 letters, digits, - or _';

/** At most 18 digits: always below 2^63. */
const SEQUENCE = /^\d{1,18}$/;

/** The id of something that exists. */
export function Id(description: string, message?: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ description, pattern: ID.source }),
    Matches(ID, { message: message ?? NO_ID }),
  );
}

/** An id that the client may choose, so that a repeated request is recognised; otherwise the server does. */
export function ClientId(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ description, pattern: ID.source, example: 'algebra-1' }),
    IsOptional(),
    Matches(ID, { message: NO_ID }),
  );
}

/** A sequence number that the client may give. */
export function Sequence(description: string): PropertyDecorator {
  return applyDecorators(
    ApiPropertyOptional({ type: String, format: 'int64', description }),
    IsOptional(),
    Matches(SEQUENCE, { message: '$property must be a sequence number' }),
  );
}

/** A line of text for people: trimmed, not empty. */
export function Line(label: string, maxLength: number, example: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ minLength: 1, maxLength, example }),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' ? value.trim() : value,
    ),
    IsString({ message: `${label} must be text` }),
    Length(1, maxLength, { message: `${label} must have 1 to ${maxLength} characters` }),
  );
}

export function Capacity(): PropertyDecorator {
  const message = `Seats must be a whole number from 1 to ${MAX_CAPACITY}`;
  return applyDecorators(
    ApiProperty({ type: 'integer', minimum: 1, maximum: MAX_CAPACITY, example: 2 }),
    IsInt({ message }),
    Min(1, { message }),
    Max(MAX_CAPACITY, { message }),
  );
}

/** A sequence number on its way out: decimal digits, as JSON has no 64-bit integers. */
export function ApiSequence(
  description: string,
  options: Pick<ApiPropertyOptions, 'nullable' | 'example'> = {},
): PropertyDecorator {
  return ApiProperty({ type: String, format: 'int64', example: '42', description, ...options });
}
