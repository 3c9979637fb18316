import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { UnknownEntity } from '../domain/rule-violation.js';
import { EnrolmentService } from '../enrolment.service.js';
import { ReadModelQueries } from '../read-model/read-model.queries.js';
import { StudentCommittedDto, StudentsDto, TimetableDto } from './answers.dto.js';
import { RegisterStudentDto, StudentParamsDto } from './commands.dto.js';
import { ApiEndpoint, ApiEndpoints } from './endpoint.js';
import { ViewQueryDto } from './queries.dto.js';

@ApiEndpoints('Students')
@Controller('students')
export class StudentsController {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly readModel: ReadModelQueries,
  ) {}

  @Get()
  @ApiEndpoint('List the students with the number of their courses', { 200: StudentsDto })
  async list(@Query() { at_least = '0' }: ViewQueryDto): Promise<StudentsDto> {
    const position = await this.readModel.positionFrom(BigInt(at_least));
    return { position, students: await this.readModel.students() };
  }

  @Post()
  @ApiEndpoint('Register a student', {
    201: StudentCommittedDto,
    409: ['student-id-taken', 'contended'],
  })
  async register(
    @Body() { name, student_id = randomUUID() }: RegisterStudentDto,
  ): Promise<StudentCommittedDto> {
    const sequence_number = await this.enrolment.registerStudent({ student_id, name });
    return { sequence_number, student_id };
  }

  @Get(':student_id/timetable')
  @ApiEndpoint('List a student’s courses', { 200: TimetableDto, 404: ['unknown-student'] })
  async timetable(
    @Param() { student_id }: StudentParamsDto,
    @Query() { at_least = '0' }: ViewQueryDto,
  ): Promise<TimetableDto> {
    const position = await this.readModel.positionFrom(BigInt(at_least));
    const student = await this.readModel.student(student_id);
    if (student === null) {
      throw new UnknownEntity('unknown-student', `No student ${student_id}.`);
    }
    const courses = await this.readModel.timetable(student_id);
    return { position, student_id, name: student.name, courses };
  }
}
