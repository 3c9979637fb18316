import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { FactstrStore } from 'nestjs-factstr';
import type { FactInput } from 'nestjs-factstr';
import type { z } from 'zod';
import { changeCapacity } from '../domain/decisions/change-capacity.js';
import { defineCourse } from '../domain/decisions/define-course.js';
import { enrol } from '../domain/decisions/enrol.js';
import type { Place } from '../domain/decisions/place.js';
import { waitForSeat } from '../domain/decisions/wait-for-seat.js';
import { withdraw } from '../domain/decisions/withdraw.js';
import { enrolmentFacts } from '../domain/facts.js';
import { ReadModelQueries } from '../read-model/read-model.queries.js';
import { CommittedDto, CoursesDto, committed } from './answers.dto.js';
import { ApiCommand, ApiEndpoint, ApiEndpoints, RequestKey } from './endpoint.js';
import { CapacityBody, CourseParams, PlaceParams, SeatBody, ViewQuery } from './input.js';

@ApiEndpoints('Courses')
@Controller('courses')
export class CoursesController {
  constructor(
    private readonly store: FactstrStore,
    private readonly readModel: ReadModelQueries,
  ) {}

  @Get()
  @ApiEndpoint('List the courses with their free seats', { 200: CoursesDto })
  async list(
    @Query({ schema: ViewQuery }) { at_least }: z.output<typeof ViewQuery>,
  ): Promise<CoursesDto> {
    const position = await this.readModel.positionFrom(at_least);
    return { position, courses: await this.readModel.courses() };
  }

  @Post()
  @ApiCommand('Define a course', { 409: ['course-id-taken'] })
  async define(
    @Body({ schema: enrolmentFacts.schemas['course-defined'] })
    command: FactInput<'course-defined'>,
    @RequestKey() appendId?: string,
  ): Promise<CommittedDto> {
    return committed(await this.store.decide(defineCourse, command, { appendId }));
  }

  @Patch(':course_id/capacity')
  @ApiCommand('Change how many seats a course has', {
    404: ['unknown-course'],
    409: ['capacity-below-enrolled'],
  })
  async changeCapacity(
    @Param({ schema: CourseParams }) { course_id }: z.output<typeof CourseParams>,
    @Body({ schema: CapacityBody }) { capacity }: z.output<typeof CapacityBody>,
    @RequestKey() appendId?: string,
  ): Promise<CommittedDto> {
    const command = { course_id, capacity };
    return committed(await this.store.decide(changeCapacity, command, { appendId }));
  }

  @Post(':course_id/enrolments')
  @ApiCommand('Enrol a student', {
    404: ['unknown-course', 'unknown-student'],
    409: ['course-full', 'already-enrolled', 'too-many-courses'],
  })
  async enrol(
    @Param({ schema: CourseParams }) { course_id }: z.output<typeof CourseParams>,
    @Body({ schema: SeatBody }) { student_id }: z.output<typeof SeatBody>,
    @RequestKey() appendId?: string,
  ): Promise<CommittedDto> {
    const command = { course_id, student_id };
    return committed(await this.store.decide(enrol, command, { appendId }));
  }

  @Post(':course_id/waiting-list')
  @ApiCommand('Put a student on the waiting list of a full course', {
    404: ['unknown-course', 'unknown-student'],
    409: ['no-waiting-list', 'already-waiting', 'already-enrolled', 'too-many-courses'],
  })
  async wait(
    @Param({ schema: CourseParams }) { course_id }: z.output<typeof CourseParams>,
    @Body({ schema: SeatBody }) { student_id }: z.output<typeof SeatBody>,
    @RequestKey() appendId?: string,
  ): Promise<CommittedDto> {
    const command = { course_id, student_id };
    return committed(await this.store.decide(waitForSeat, command, { appendId }));
  }

  @Delete(':course_id/enrolments/:student_id')
  @ApiCommand('Withdraw a student', {
    404: ['unknown-course', 'unknown-student', 'not-enrolled'],
  })
  async withdraw(
    @Param({ schema: PlaceParams }) command: Place,
    @RequestKey() appendId?: string,
  ): Promise<CommittedDto> {
    return committed(await this.store.decide(withdraw, command, { appendId }));
  }
}
