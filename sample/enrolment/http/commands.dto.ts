import { Capacity, ClientId, Id, Line } from './fields.js';

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
  @Id('The student that takes the seat.', 'Choose a student')
  student_id!: string;

  @ClientId('Sent again, it answers as the first time instead of “already enrolled”.')
  enrolment_id?: string;
}

export class CourseParamsDto {
  @Id('The course.')
  course_id!: string;
}

export class StudentParamsDto {
  @Id('The student.')
  student_id!: string;
}

export class EnrolmentParamsDto extends CourseParamsDto {
  @Id('The student.')
  student_id!: string;
}
