import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A row for every student in a course, as long as the enrolment lasts. */
@Entity('enrolments')
export class EnrolmentRow {
  @PrimaryColumn('text')
  course_id!: string;

  @Index('enrolments_of_student')
  @PrimaryColumn('text')
  student_id!: string;

  /** As the fact says it: RFC 3339, in UTC. */
  @Column('text')
  enrolled_at!: string;
}
