import { ApiProperty } from '@nestjs/swagger';
import { ApiSequence } from '../http/fields.js';

class ProjectionDto {
  @ApiProperty({ example: 'enrolment-read-model' })
  name!: string;

  @ApiProperty({ example: 'live' })
  state!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Why it does not go on.' })
  reason!: string | null;

  @ApiSequence('It has handled every fact up to this one.', { nullable: true })
  position!: bigint | null;

  @ApiSequence('The newest sequence number of the log.', { nullable: true })
  head!: bigint | null;

  @ApiSequence('Facts of the log after it.', { nullable: true })
  lag!: bigint | null;

  @ApiProperty({ type: String, nullable: true, description: 'The process that runs it.' })
  owner!: string | null;

  @ApiProperty({ type: 'integer', description: 'Facts on which it failed and which it passed.' })
  parked!: number;
}

class ReadModelDto {
  @ApiSequence('The newest fact that the read model contains.')
  position!: bigint;

  @ApiSequence('Facts of the log after it.')
  lag!: bigint;
}

export class StatusDto {
  @ApiSequence('The newest sequence number of the log.')
  head!: bigint;

  @ApiProperty({ type: ReadModelDto, description: 'Kept by this process or another one.' })
  read_model!: ReadModelDto;

  @ApiProperty({ type: [ProjectionDto], description: 'The projections of this process.' })
  projections!: ProjectionDto[];
}
