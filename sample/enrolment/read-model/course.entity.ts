import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A row for every defined course. Its free seats follow from the enrolments: counted, never stored. */
@Entity('courses')
export class CourseRow {
  @PrimaryColumn('text')
  course_id!: string;

  @Column('text')
  title!: string;

  @Column('integer')
  capacity!: number;
}
