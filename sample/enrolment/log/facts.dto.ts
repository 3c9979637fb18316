import { ApiProperty } from '@nestjs/swagger';
import type { EventRecord } from 'nestjs-factstr';
import { ApiSequence } from '../http/fields.js';

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
