import { Injectable } from '@nestjs/common';
import { DurableProjection } from 'nestjs-factstr';
import type { TransactionalContext } from 'nestjs-factstr/typeorm';
import type { EntityManager } from 'typeorm';
import { ENROLMENT_FACTS } from '../domain/facts.js';
import type { EnrolmentFact } from '../domain/facts.js';
import { CourseRow } from './course.entity.js';
import { EnrolmentRow } from './enrolment.entity.js';
import { StudentRow } from './student.entity.js';

export const READ_MODEL = 'enrolment-read-model';

/**
 * Keeps the read model, exactly once: what it writes and how far it is commit together. Nothing
 * else writes to it.
 */
@Injectable()
export class ReadModelProjection {
  @DurableProjection({
    name: READ_MODEL,
    query: ENROLMENT_FACTS,
    transactional: true,
    // One fact that it cannot take does not keep the others from being read: see the page at /factstr.
    onFailure: 'park',
    maxAttempts: 3,
  })
  async project(facts: EnrolmentFact[], { manager }: TransactionalContext): Promise<void> {
    for (const fact of facts) await apply(manager, fact);
  }

  /** Called by a rebuild, in the transaction that sets the cursor back. */
  async onReset(manager: EntityManager): Promise<void> {
    for (const entity of [CourseRow, StudentRow, EnrolmentRow]) {
      await manager.createQueryBuilder().delete().from(entity).execute();
    }
  }
}

async function apply(manager: EntityManager, fact: EnrolmentFact): Promise<void> {
  switch (fact.event_type) {
    case 'course-defined': {
      const { course_id, title, capacity } = fact.payload;
      await manager.upsert(CourseRow, { course_id, title, capacity }, ['course_id']);
      break;
    }
    case 'course-capacity-changed': {
      const { course_id, capacity } = fact.payload;
      await manager.update(CourseRow, { course_id }, { capacity });
      break;
    }
    case 'student-registered': {
      const { student_id, name } = fact.payload;
      await manager.upsert(StudentRow, { student_id, name }, ['student_id']);
      break;
    }
    case 'student-enrolled': {
      const { course_id, student_id } = fact.payload;
      const enrolled_at = fact.occurred_at;
      await manager.upsert(EnrolmentRow, { course_id, student_id, enrolled_at }, [
        'course_id',
        'student_id',
      ]);
      break;
    }
    case 'student-withdrawn': {
      const { course_id, student_id } = fact.payload;
      await manager.delete(EnrolmentRow, { course_id, student_id });
      break;
    }
  }
}
