import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Who is enrolled where, now. */
@Entity('enrolments')
export class EnrolmentRow {
  @PrimaryColumn('text')
  course_id!: string;

  @Index()
  @PrimaryColumn('text')
  student_id!: string;

  /** As the fact says it: RFC 3339, in UTC. */
  @Column('text')
  enrolled_at!: string;
}
