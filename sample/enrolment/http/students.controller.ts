import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { FactstrStore } from 'nestjs-factstr';
import type { FactInput } from 'nestjs-factstr';
import type { z } from 'zod';
import { registerStudent } from '../domain/decisions/register-student.js';
import { enrolmentFacts } from '../domain/facts.js';
import { known } from '../domain/rule-violation.js';
import { ReadModelQueries } from '../read-model/read-model.queries.js';
import { CommittedDto, StudentsDto, TimetableDto, committed } from './answers.dto.js';
import { ApiCommand, ApiEndpoint, ApiEndpoints, RequestKey } from './endpoint.js';
import { StudentParams, ViewQuery } from './input.js';

@ApiEndpoints('Students')
@Controller('students')
export class StudentsController {
  constructor(
    private readonly store: FactstrStore,
    private readonly readModel: ReadModelQueries,
  ) {}

  @Get()
  @ApiEndpoint('List the students with the number of their courses', { 200: StudentsDto })
  async list(
    @Query({ schema: ViewQuery }) { at_least }: z.output<typeof ViewQuery>,
  ): Promise<StudentsDto> {
    const position = await this.readModel.positionFrom(at_least);
    return { position, students: await this.readModel.students() };
  }

  @Post()
  @ApiCommand('Register a student', { 409: ['student-id-taken'] })
  async register(
    @Body({ schema: enrolmentFacts.schemas['student-registered'] })
    command: FactInput<'student-registered'>,
    @RequestKey() appendId?: string,
  ): Promise<CommittedDto> {
    return committed(await this.store.decide(registerStudent, command, { appendId }));
  }

  @Get(':student_id/timetable')
  @ApiEndpoint('List a student’s courses', { 200: TimetableDto, 404: ['unknown-student'] })
  async timetable(
    @Param({ schema: StudentParams }) { student_id }: z.output<typeof StudentParams>,
    @Query({ schema: ViewQuery }) { at_least }: z.output<typeof ViewQuery>,
  ): Promise<TimetableDto> {
    const position = await this.readModel.positionFrom(at_least);
    const { name } = known('student', await this.readModel.student(student_id), student_id);
    return { position, student_id, name, courses: await this.readModel.timetable(student_id) };
  }
}
