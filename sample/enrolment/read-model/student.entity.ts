import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('students')
export class StudentRow {
  @PrimaryColumn('text')
  student_id!: string;

  @Column('text')
  name!: string;
}
