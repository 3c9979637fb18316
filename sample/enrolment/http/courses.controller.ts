import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { EnrolmentService } from '../enrolment.service.js';
import { ReadModelQueries } from '../read-model/read-model.queries.js';
import {
  CommittedDto,
  CourseCommittedDto,
  CoursesDto,
  EnrolmentCommittedDto,
} from './answers.dto.js';
import {
  ChangeCapacityDto,
  CourseParamsDto,
  DefineCourseDto,
  EnrolDto,
  EnrolmentParamsDto,
} from './commands.dto.js';
import { ApiEndpoint, ApiEndpoints } from './endpoint.js';
import { ViewQueryDto } from './queries.dto.js';

@ApiEndpoints('Courses')
@Controller('courses')
export class CoursesController {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly readModel: ReadModelQueries,
  ) {}

  @Get()
  @ApiEndpoint('List the courses with their free seats', { 200: CoursesDto })
  async list(@Query() { at_least = '0' }: ViewQueryDto): Promise<CoursesDto> {
    const position = await this.readModel.positionFrom(BigInt(at_least));
    return { position, courses: await this.readModel.courses() };
  }

  @Post()
  @ApiEndpoint('Define a course', {
    201: CourseCommittedDto,
    409: ['course-id-taken', 'contended'],
  })
  async define(@Body() body: DefineCourseDto): Promise<CourseCommittedDto> {
    const { title, capacity, course_id = randomUUID() } = body;
    const sequence_number = await this.enrolment.defineCourse({ course_id, title, capacity });
    return { sequence_number, course_id };
  }

  @Patch(':course_id/capacity')
  @ApiEndpoint('Change how many seats a course has', {
    200: CommittedDto,
    404: ['unknown-course'],
    409: ['capacity-below-enrolled', 'contended'],
  })
  async changeCapacity(
    @Param() { course_id }: CourseParamsDto,
    @Body() { capacity }: ChangeCapacityDto,
  ): Promise<CommittedDto> {
    return { sequence_number: await this.enrolment.changeCapacity({ course_id, capacity }) };
  }

  @Post(':course_id/enrolments')
  @ApiEndpoint('Enrol a student', {
    201: EnrolmentCommittedDto,
    404: ['unknown-course', 'unknown-student'],
    409: ['course-full', 'already-enrolled', 'too-many-courses', 'contended'],
  })
  async enrol(
    @Param() { course_id }: CourseParamsDto,
    @Body() { student_id, enrolment_id = randomUUID() }: EnrolDto,
  ): Promise<EnrolmentCommittedDto> {
    const command = { student_id, course_id, enrolment_id };
    return { sequence_number: await this.enrolment.enrol(command), enrolment_id };
  }

  @Delete(':course_id/enrolments/:student_id')
  @ApiEndpoint('Withdraw a student', {
    200: CommittedDto,
    404: ['unknown-course', 'unknown-student', 'not-enrolled'],
    409: ['contended'],
  })
  async withdraw(@Param() { course_id, student_id }: EnrolmentParamsDto): Promise<CommittedDto> {
    return { sequence_number: await this.enrolment.withdraw({ student_id, course_id }) };
  }
}
