import { ApiProperty } from '@nestjs/swagger';
import { ApiSequence } from '../http/fields.js';

class ProjectionDto {
  @ApiProperty({ example: 'enrolment-read-model' })
  name!: string;

  @ApiProperty({ example: 'live' })
  state!: string;

  @ApiProperty({ type: String, nullable: true, description: 'Why it does not go on.' })
  reason!: string | null;

  @ApiProperty({ type: String, format: 'int64', nullable: true })
  position!: bigint | null;

  @ApiProperty({ type: String, format: 'int64', nullable: true })
  head!: bigint | null;

  @ApiProperty({ type: String, format: 'int64', nullable: true })
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

  @ApiProperty({ type: ReadModelDto, description: 'Whichever process keeps it.' })
  read_model!: ReadModelDto;

  @ApiProperty({ type: [ProjectionDto], description: 'The projections of this process.' })
  projections!: ProjectionDto[];
}
