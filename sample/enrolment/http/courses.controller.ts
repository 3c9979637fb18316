import { randomUUID } from 'node:crypto';
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { EnrolmentService } from '../enrolment.service.js';
import { ReadModelQueries } from '../read-model/read-model.queries.js';
import {
  CommittedDto,
  CourseCommittedDto,
  CoursesDto,
  EnrolmentCommittedDto,
  InvalidInputDto,
  RefusalDto,
} from './answers.dto.js';
import {
  ChangeCapacityDto,
  CourseParamsDto,
  DefineCourseDto,
  EnrolDto,
  EnrolmentParamsDto,
} from './commands.dto.js';
import { ViewQueryDto } from './queries.dto.js';

@ApiTags('Courses')
@ApiBadRequestResponse({ type: InvalidInputDto })
@ApiServiceUnavailableResponse({
  type: RefusalDto,
  description: '`try-later` (nothing was written), `outcome-unknown` (it may have been)',
})
@Controller('courses')
export class CoursesController {
  constructor(
    private readonly enrolment: EnrolmentService,
    private readonly readModel: ReadModelQueries,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List the courses with their free seats' })
  @ApiOkResponse({ type: CoursesDto })
  async list(@Query() { at_least = '0' }: ViewQueryDto): Promise<CoursesDto> {
    const position = await this.readModel.positionFrom(BigInt(at_least));
    return { position, courses: await this.readModel.courses() };
  }

  @Post()
  @ApiOperation({ summary: 'Define a course' })
  @ApiCreatedResponse({ type: CourseCommittedDto })
  @ApiConflictResponse({ type: RefusalDto, description: '`course-id-taken`, `contended`' })
  async define(@Body() body: DefineCourseDto): Promise<CourseCommittedDto> {
    const { title, capacity, course_id = randomUUID() } = body;
    const sequence_number = await this.enrolment.defineCourse({ course_id, title, capacity });
    return { sequence_number, course_id };
  }

  @Patch(':course_id/capacity')
  @ApiOperation({ summary: 'Change how many seats a course has' })
  @ApiOkResponse({ type: CommittedDto })
  @ApiNotFoundResponse({ type: RefusalDto, description: '`unknown-course`' })
  @ApiConflictResponse({ type: RefusalDto, description: '`capacity-below-enrolled`, `contended`' })
  async changeCapacity(
    @Param() { course_id }: CourseParamsDto,
    @Body() { capacity }: ChangeCapacityDto,
  ): Promise<CommittedDto> {
    return { sequence_number: await this.enrolment.changeCapacity({ course_id, capacity }) };
  }

  @Post(':course_id/enrolments')
  @ApiOperation({ summary: 'Enrol a student' })
  @ApiCreatedResponse({ type: EnrolmentCommittedDto })
  @ApiNotFoundResponse({ type: RefusalDto, description: '`unknown-course`, `unknown-student`' })
  @ApiConflictResponse({
    type: RefusalDto,
    description: '`course-full`, `already-enrolled`, `too-many-courses`, `contended`',
  })
  async enrol(
    @Param() { course_id }: CourseParamsDto,
    @Body() { student_id, enrolment_id = randomUUID() }: EnrolDto,
  ): Promise<EnrolmentCommittedDto> {
    const command = { student_id, course_id, enrolment_id };
    return { sequence_number: await this.enrolment.enrol(command), enrolment_id };
  }

  @Delete(':course_id/enrolments/:student_id')
  @ApiOperation({ summary: 'Withdraw a student' })
  @ApiOkResponse({ type: CommittedDto })
  @ApiNotFoundResponse({
    type: RefusalDto,
    description: '`unknown-course`, `unknown-student`, `not-enrolled`',
  })
  @ApiConflictResponse({ type: RefusalDto, description: '`contended`' })
  async withdraw(@Param() { course_id, student_id }: EnrolmentParamsDto): Promise<CommittedDto> {
    return { sequence_number: await this.enrolment.withdraw({ student_id, course_id }) };
  }
}
