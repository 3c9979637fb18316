import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';
import type { EventRecord } from 'nestjs-factstr';
import { ApiSequence, Sequence } from '../http/fields.js';

const LIMIT = { message: 'limit must be a whole number from 1 to 200' };

/** Asks for a page of the log. */
export class FactsQueryDto {
  @Sequence('Only facts before this sequence number: the former page’s `next_before`.')
  before?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  @Type(() => Number)
  @IsInt(LIMIT)
  @Min(1, LIMIT)
  @Max(200, LIMIT)
  limit: number = 50;
}

class FactDto implements EventRecord {
  @ApiSequence('The fact’s place in the log, counted from 1 without a gap.')
  sequence_number!: bigint;

  @ApiProperty({ format: 'date-time' })
  occurred_at!: string;

  @ApiProperty({ example: 'student-enrolled' })
  event_type!: string;

  @ApiProperty({ type: Object, example: { student_id: 'ada', course_id: 'algebra-1' } })
  payload!: unknown;
}

export class FactsDto {
  @ApiProperty({ type: [FactDto] })
  facts!: FactDto[];

  @ApiSequence('The newest sequence number of the log.')
  head!: bigint;

  @ApiSequence('Pass it as `before` for the next page; `null` on the last.', {
    nullable: true,
    example: '17',
  })
  next_before!: bigint | null;
}
