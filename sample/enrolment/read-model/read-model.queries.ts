import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { FactstrProjections } from 'nestjs-factstr';
import type { DataSource } from 'typeorm';
import { CourseRow } from './course.entity.js';
import { EnrolmentRow } from './enrolment.entity.js';
import { READ_MODEL } from './read-model.projection.js';
import { StudentRow } from './student.entity.js';

/** Milliseconds until the waiting for the read model ends. */
const PATIENCE = 3_000;

/** Drivers give counts as number (SQLite) or text (Postgres). */
type Count = number | string;

export interface CourseView {
  course_id: string;
  title: string;
  capacity: number;
  enrolled: number;
  free_seats: number;
}

export interface StudentView {
  student_id: string;
  name: string;
  courses: number;
}

export interface TimetableEntry {
  course_id: string;
  title: string;
  enrolled_at: string;
}

/** Reads the read model, and knows how far it is. */
@Injectable()
export class ReadModelQueries implements BeforeApplicationShutdown {
  readonly #stopping = new AbortController();

  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly projections: FactstrProjections,
  ) {}

  beforeApplicationShutdown(): void {
    this.#stopping.abort();
  }

  /** The sequence number of the newest fact that the read model contains; 0 for none. */
  async position(): Promise<bigint> {
    const { position } = await this.projections.status(READ_MODEL);
    return position ?? 0n;
  }

  /**
   * Lets a client read its own writes: resolves with the position when the read model contains that fact, or after
   * 3 s without it. Another process may keep the read model.
   */
  async positionFrom(sequence_number: bigint): Promise<bigint> {
    const { signal } = this.#stopping;
    return this.projections
      .waitFor(READ_MODEL, sequence_number, { timeout: PATIENCE, signal })
      .catch(() => this.position());
  }

  async courses(): Promise<CourseView[]> {
    const rows = await this.dataSource.manager
      .createQueryBuilder(CourseRow, 'course')
      .leftJoin(EnrolmentRow, 'enrolment', 'enrolment.course_id = course.course_id')
      .select('course.course_id', 'course_id')
      .addSelect('course.title', 'title')
      .addSelect('course.capacity', 'capacity')
      .addSelect('COUNT(enrolment.student_id)', 'enrolled')
      .groupBy('course.course_id')
      .addGroupBy('course.title')
      .addGroupBy('course.capacity')
      .orderBy('course.title')
      .addOrderBy('course.course_id')
      .getRawMany<CourseRow & { enrolled: Count }>();
    return rows.map(({ course_id, title, capacity, enrolled }) => {
      const taken = Number(enrolled);
      return { course_id, title, capacity, enrolled: taken, free_seats: capacity - taken };
    });
  }

  async students(): Promise<StudentView[]> {
    const rows = await this.dataSource.manager
      .createQueryBuilder(StudentRow, 'student')
      .leftJoin(EnrolmentRow, 'enrolment', 'enrolment.student_id = student.student_id')
      .select('student.student_id', 'student_id')
      .addSelect('student.name', 'name')
      .addSelect('COUNT(enrolment.course_id)', 'courses')
      .groupBy('student.student_id')
      .addGroupBy('student.name')
      .orderBy('student.name')
      .addOrderBy('student.student_id')
      .getRawMany<StudentRow & { courses: Count }>();
    return rows.map(({ student_id, name, courses }) => ({
      student_id,
      name,
      courses: Number(courses),
    }));
  }

  student(student_id: string): Promise<StudentRow | null> {
    return this.dataSource.manager.findOneBy(StudentRow, { student_id });
  }

  timetable(student_id: string): Promise<TimetableEntry[]> {
    return this.dataSource.manager
      .createQueryBuilder(EnrolmentRow, 'enrolment')
      .innerJoin(CourseRow, 'course', 'course.course_id = enrolment.course_id')
      .where('enrolment.student_id = :student_id', { student_id })
      .select('course.course_id', 'course_id')
      .addSelect('course.title', 'title')
      .addSelect('enrolment.enrolled_at', 'enrolled_at')
      .orderBy('course.title')
      .addOrderBy('course.course_id')
      .getRawMany<TimetableEntry>();
  }
}
