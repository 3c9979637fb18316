import { ApiProperty } from '@nestjs/swagger';
import type { CourseView, StudentView, TimetableEntry } from '../read-model/read-model.queries.js';
import { ApiSequence } from './fields.js';
import type { AppendResult } from 'nestjs-factstr';

/** What every command answers: where its fact stands in the log. */
export class CommittedDto {
  @ApiSequence('The fact’s sequence number. `?at_least=` it to read what you wrote.')
  sequence_number!: bigint;
}

/** What a decision that appends one fact answers. */
export function committed({ appended }: { appended: AppendResult }): CommittedDto {
  return { sequence_number: appended.last_sequence_number };
}

export class RefusalDto {
  @ApiProperty({ example: 'course-full' })
  reason!: string;

  @ApiProperty({ example: '“Linear algebra” is full: both seats are taken.' })
  message!: string;
}

class InvalidFieldDto {
  @ApiProperty({ example: 'title' })
  field!: string;

  @ApiProperty({ example: 'The title must have 1 to 120 characters' })
  message!: string;
}

export class InvalidInputDto extends RefusalDto {
  @ApiProperty({ type: [InvalidFieldDto] })
  fields!: InvalidFieldDto[];
}

class PositionedDto {
  @ApiSequence('The newest fact that the read model contains.')
  position!: bigint;
}

class CourseDto implements CourseView {
  @ApiProperty()
  course_id!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty({ type: 'integer' })
  capacity!: number;

  @ApiProperty({ type: 'integer' })
  enrolled!: number;

  @ApiProperty({ type: 'integer' })
  free_seats!: number;
}

class StudentDto implements StudentView {
  @ApiProperty()
  student_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: 'integer', description: 'How many courses the student takes.' })
  courses!: number;
}

class TimetableEntryDto implements TimetableEntry {
  @ApiProperty()
  course_id!: string;

  @ApiProperty()
  title!: string;

  @ApiProperty({ format: 'date-time' })
  enrolled_at!: string;
}

export class CoursesDto extends PositionedDto {
  @ApiProperty({ type: [CourseDto] })
  courses!: CourseDto[];
}

export class StudentsDto extends PositionedDto {
  @ApiProperty({ type: [StudentDto] })
  students!: StudentDto[];
}

export class TimetableDto extends PositionedDto {
  @ApiProperty()
  student_id!: string;

  @ApiProperty()
  name!: string;

  @ApiProperty({ type: [TimetableEntryDto] })
  courses!: TimetableEntryDto[];
}
