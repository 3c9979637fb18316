import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { Capacity, ClientId, Line } from './fields.js';

export class DefineCourseDto {
  @ClientId('Sent again with the same content, it answers as the first time.')
  course_id?: string;

  @Line('The title', 120, 'Linear algebra')
  title!: string;

  @Capacity()
  capacity!: number;
}

export class ChangeCapacityDto {
  @Capacity()
  capacity!: number;
}

export class RegisterStudentDto {
  @ClientId('Sent again with the same name, it answers as the first time.')
  student_id?: string;

  @Line('The name', 80, 'Ada Lovelace')
  name!: string;
}

export class EnrolDto {
  @ApiProperty({ example: 'ada' })
  @IsString({ message: 'Choose a student' })
  @Length(1, 64, { message: 'Choose a student' })
  student_id!: string;

  @ClientId('Sent again, it answers as the first time instead of “already enrolled”.')
  enrolment_id?: string;
}
