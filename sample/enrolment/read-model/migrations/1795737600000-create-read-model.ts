import type { MigrationInterface, QueryRunner } from 'typeorm';

/** SQL that SQLite and Postgres both know. `IF NOT EXISTS`: older versions of the sample had no migrations. */
export class CreateReadModel1795737600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE IF NOT EXISTS courses (
        course_id text NOT NULL PRIMARY KEY,
        title text NOT NULL,
        capacity integer NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS students (
        student_id text NOT NULL PRIMARY KEY,
        name text NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE IF NOT EXISTS enrolments (
        course_id text NOT NULL,
        student_id text NOT NULL,
        enrolled_at text NOT NULL,
        PRIMARY KEY (course_id, student_id)
      )`);
    await runner.query(`
      CREATE INDEX IF NOT EXISTS enrolments_of_student ON enrolments (student_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['enrolments', 'students', 'courses']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}
