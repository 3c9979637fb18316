import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('certificates')
export class Certificate {
  @PrimaryColumn('text')
  course_id!: string;

  @PrimaryColumn('text')
  student_id!: string;

  @Column('text')
  title!: string;
}
