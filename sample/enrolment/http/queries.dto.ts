import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';

/** At most 18 digits: always below 2^63. */
const SEQUENCE = /^\d{1,18}$/;

/** Asks for a view that contains the effect of a command. */
export class ViewQueryDto {
  @ApiPropertyOptional({
    type: String,
    format: 'int64',
    description:
      'Waits up to 3 s until the read model contains the fact of this sequence number. The answer’s ' +
      '`position` tells whether it does.',
  })
  @IsOptional()
  @Matches(SEQUENCE, { message: 'at_least must be a sequence number' })
  at_least?: string;
}

const LIMIT = { message: 'limit must be a whole number from 1 to 200' };

export class FactsQueryDto {
  @ApiPropertyOptional({
    type: String,
    format: 'int64',
    description: 'Only facts before this sequence number: the former page’s `next_before`.',
  })
  @IsOptional()
  @Matches(SEQUENCE, { message: 'before must be a sequence number' })
  before?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Type(() => Number)
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(200, LIMIT)
  limit: number = 50;
}
