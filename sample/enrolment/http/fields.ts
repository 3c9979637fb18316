import { ApiProperty } from '@nestjs/swagger';
import type { ApiPropertyOptions } from '@nestjs/swagger';

/** A sequence number on its way out: decimal digits, as JSON has no 64-bit integers. */
export function ApiSequence(
  description: string,
  options: Pick<ApiPropertyOptions, 'nullable' | 'example'> = {},
): PropertyDecorator {
  return ApiProperty({ type: String, format: 'int64', example: '42', description, ...options });
}
