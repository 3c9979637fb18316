import { Injectable } from '@nestjs/common';
import { FactstrStore } from 'nestjs-factstr';
import type { EventQuery } from 'nestjs-factstr';
import {
  capacityContext,
  courseContext,
  enrolmentContext,
  studentContext,
} from './domain/contexts.js';
import { changeCapacity } from './domain/decisions/change-capacity.js';
import type { Decision } from './domain/decisions/decision.js';
import { defineCourse } from './domain/decisions/define-course.js';
import { enrol } from './domain/decisions/enrol.js';
import { registerStudent } from './domain/decisions/register-student.js';
import { withdraw } from './domain/decisions/withdraw.js';
import { EnrolmentState } from './domain/enrolment.state.js';
import type {
  CourseCapacityChanged,
  CourseDefined,
  EnrolmentFact,
  StudentEnrolled,
  StudentRegistered,
  StudentWithdrawn,
} from './domain/facts.js';

/** How often a decision is taken anew when its context has changed meanwhile. */
const RETRIES = 20;

/**
 * Takes the decisions on the facts themselves, never on the read model, which may be behind. Every command
 * resolves with the sequence number of its fact.
 */
@Injectable()
export class EnrolmentService {
  constructor(private readonly store: FactstrStore) {}

  defineCourse(command: CourseDefined): Promise<bigint> {
    return this.#decide(courseContext(command.course_id), (state) => defineCourse(state, command));
  }

  changeCapacity(command: CourseCapacityChanged): Promise<bigint> {
    return this.#decide(capacityContext(command.course_id), (state) =>
      changeCapacity(state, command),
    );
  }

  registerStudent(command: StudentRegistered): Promise<bigint> {
    return this.#decide(studentContext(command.student_id), (state) =>
      registerStudent(state, command),
    );
  }

  enrol(command: StudentEnrolled): Promise<bigint> {
    return this.#decide(enrolmentContext(command.course_id, command.student_id), (state) =>
      enrol(state, command),
    );
  }

  withdraw(command: StudentWithdrawn): Promise<bigint> {
    return this.#decide(enrolmentContext(command.course_id, command.student_id), (state) =>
      withdraw(state, command),
    );
  }

  async #decide(context: EventQuery, decide: (state: EnrolmentState) => Decision): Promise<bigint> {
    let alreadyAt = 0n;
    const result = await this.store.decide(
      context,
      ({ event_records }) => {
        const decision = decide(EnrolmentState.of(event_records as EnrolmentFact[]));
        if ('append' in decision) return [decision.append];
        alreadyAt = decision.alreadyAt;
        return [];
      },
      { retries: RETRIES },
    );
    return result?.last_sequence_number ?? alreadyAt;
  }
}
