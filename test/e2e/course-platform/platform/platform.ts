import {
  Body,
  ConflictException,
  Controller,
  Get,
  Injectable,
  NotFoundException,
  Param,
  Post,
} from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import {
  ApplyFact,
  DurableProjection,
  FactstrStore,
  IdempotencyKey,
  decisionModel,
  defineDecision,
  fact,
  model,
} from 'nestjs-factstr';
import type { FactRecord, ReactionContext } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import type { DataSource } from 'typeorm';
import { Certificate } from './certificate.entity.js';
import { platformFacts } from './facts.js';
import type { Completion, Place, Student } from './facts.js';

export const COURSES_PER_STUDENT = 3;

// What decisions know.
const course = decisionModel('platform/course', (course_id: string) =>
  model({ title: '', capacity: 0, lessons: 0, taken: 0 })
    .on('course-offered', { course_id }, (state, { payload }) => ({ ...state, ...payload }))
    .on('student-enrolled', { course_id }, (state) => ({ ...state, taken: state.taken + 1 })),
);
const student = decisionModel('platform/student', (student_id: string) =>
  model({ isRegistered: false, courses: 0 })
    .on('student-registered', { student_id }, (state) => ({ ...state, isRegistered: true }))
    .on('student-enrolled', { student_id }, (state) => ({ ...state, courses: state.courses + 1 })),
);
const progress = decisionModel('platform/progress', (place: Place) =>
  model({ isEnrolled: false, isCertified: false, done: [] as number[] })
    .on('student-enrolled', place, (state) => ({ ...state, isEnrolled: true }))
    .on('certificate-issued', place, (state) => ({ ...state, isCertified: true }))
    .on('lesson-completed', place, (s, { payload }) => ({
      ...s,
      done: [...s.done, payload.lesson],
    })),
);

// What follows from commands.
const register = defineDecision(
  ({ student_id }: Student) => ({ student: student(student_id) }),
  ({ student }, command) => (student.isRegistered ? [] : fact('student-registered', command)),
);
const enrol = defineDecision(
  (place: Place) => ({
    course: course(place.course_id),
    student: student(place.student_id),
    progress: progress(place),
  }),
  ({ course, student, progress }, place) => {
    if (course.capacity === 0 || !student.isRegistered) throw new NotFoundException('unknown');
    if (progress.isEnrolled) throw new ConflictException('already-enrolled');
    if (course.taken >= course.capacity) throw new ConflictException('course-full');
    if (student.courses >= COURSES_PER_STUDENT) throw new ConflictException('too-many-courses');
    return fact('student-enrolled', place);
  },
);
const complete = defineDecision(
  ({ course_id, student_id }: Completion) => ({
    course: course(course_id),
    progress: progress({ course_id, student_id }),
  }),
  ({ course, progress }, command) => {
    if (!progress.isEnrolled || command.lesson > course.lessons) throw new NotFoundException();
    return progress.done.includes(command.lesson) ? [] : fact('lesson-completed', command);
  },
);
const certify = defineDecision(
  (place: Place) => ({ course: course(place.course_id), progress: progress(place) }),
  ({ course: { lessons, title }, progress: { done, isCertified } }, place) =>
    done.length < lessons || isCertified ? [] : fact('certificate-issued', { ...place, title }),
);

// What follows from facts.
@Injectable()
@DurableProjection({ name: 'certification' })
export class Certification {
  @ApplyFact('lesson-completed')
  certify({ payload }: FactRecord<'lesson-completed'>, context: ReactionContext) {
    const { course_id, student_id } = payload;
    return context.decide(certify, { course_id, student_id });
  }
}

@Injectable()
export class Certificates {
  @DurableProjection({ name: 'certificates', query: 'certificate-issued', transactional: true })
  async add(facts: FactRecord<'certificate-issued'>[], { manager }: TransactionalContext) {
    for (const { payload } of facts) await manager.insert(Certificate, payload);
  }
}

const { schemas } = platformFacts;
const Key = () =>
  IdempotencyKey({ scope: ({ headers }: { headers: { user: string } }) => headers.user });

@Controller()
export class Platform {
  constructor(
    private readonly store: FactstrStore,
    @InjectDataSource() private readonly readModel: DataSource,
  ) {}

  @Post('students')
  register(@Body({ schema: schemas['student-registered'] }) student: Student, @Key() id: string) {
    return this.store.decide(register, student, { appendId: id });
  }

  @Post('enrolments')
  enrol(@Body({ schema: schemas['student-enrolled'] }) place: Place, @Key() appendId: string) {
    return this.store.decide(enrol, place, { appendId });
  }

  @Post('lessons')
  complete(@Body({ schema: schemas['lesson-completed'] }) lesson: Completion, @Key() id: string) {
    return this.store.decide(complete, lesson, { appendId: id });
  }

  @Get('certificates/:student_id')
  certificates(@Param('student_id') student_id: string) {
    return this.readModel.manager.findBy(Certificate, { student_id });
  }
}
