import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DurableProjection } from 'nestjs-factstr';
import type { DataSource, EntityManager } from 'typeorm';
import { ENROLMENT_FACTS } from '../domain/facts.js';
import type { EnrolmentFact } from '../domain/facts.js';
import { AppliedPosition } from './applied-position.entity.js';
import { CourseRow } from './course.entity.js';
import { EnrolmentRow } from './enrolment.entity.js';
import { StudentRow } from './student.entity.js';

export const READ_MODEL = 'enrolment-read-model';

/**
 * Keeps the read model. The only writer of it: requests just read, as TypeORM's SQLite data source is one
 * connection, on which a request's write would end up in this transaction.
 */
@Injectable()
export class ReadModelProjection {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Applies one committed batch, and how far that is, in one transaction. A batch that is delivered again
   * (the process died before its cursor was stored) changes nothing.
   */
  @DurableProjection({ name: READ_MODEL, query: ENROLMENT_FACTS })
  async project(facts: EnrolmentFact[]): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const row = await manager.findOneBy(AppliedPosition, { projection: READ_MODEL });
      const applied = row?.sequence_number ?? 0n;
      const fresh = facts.filter((fact) => fact.sequence_number > applied);
      for (const fact of fresh) await apply(manager, fact);
      const last = fresh.at(-1);
      if (last === undefined) return;
      // Last, so that whoever sees this position sees what led to it.
      const { sequence_number } = last;
      await manager.upsert(AppliedPosition, { projection: READ_MODEL, sequence_number }, [
        'projection',
      ]);
    });
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
