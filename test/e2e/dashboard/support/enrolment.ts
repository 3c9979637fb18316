import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { call } from '../../sample/support/api.js';
import type { Answer } from '../../sample/support/api.js';
import { startSample } from '../../sample/support/sample-process.js';
import type { SampleProcess } from '../../sample/support/sample-process.js';
import { until } from '../../../support/waiting/until.js';

export const READ_MODEL = 'enrolment-read-model';

/** What `/health/ready` answers. */
export interface Ready {
  readonly http: number;
  readonly status: string;
}

/** The sample in a process of its own, with what an operator and a well-meaning colleague do to it. */
export class Enrolment {
  readonly #folder: string;
  #sample: SampleProcess;

  private constructor(folder: string, sample: SampleProcess) {
    this.#folder = folder;
    this.#sample = sample;
  }

  static async start(folder: string): Promise<Enrolment> {
    return new Enrolment(folder, await startSample({ DATA_DIR: folder }));
  }

  get url(): string {
    return this.#sample.url;
  }

  get facts(): string {
    return join(this.#folder, 'facts.sqlite');
  }

  get readModel(): string {
    return join(this.#folder, 'read-model.sqlite');
  }

  /** Stops the process, and starts it again at its address. */
  async restart(): Promise<void> {
    await this.#sample.stop();
    const { port } = new URL(this.url);
    this.#sample = await startSample({ DATA_DIR: this.#folder, PORT: port });
  }

  async stop(): Promise<void> {
    await this.#sample.stop();
  }

  async defineCourse(course_id: string, title: string): Promise<bigint> {
    const { body } = await call(this.url, 'POST', '/courses', { course_id, title, capacity: 20 });
    return BigInt(body.sequence_number);
  }

  async enrol(course_id: string, student_id: string): Promise<void> {
    await call(this.url, 'POST', `/courses/${course_id}/enrolments`, { student_id });
  }

  /** Courses and students, some of them enrolled. */
  async begin(): Promise<void> {
    await this.defineCourse('algebra', 'Linear algebra');
    await this.defineCourse('compilers', 'Compilers');
    for (const name of ['Ada', 'Grace', 'Edsger']) {
      const student_id = name.toLowerCase();
      await call(this.url, 'POST', '/students', { student_id, name });
      await this.enrol('algebra', student_id);
    }
    await this.isReady('ok');
  }

  /** Allows one course of each title in the read model: well meant, and no rule of the domain. */
  breakReadModel(): void {
    this.#change('CREATE UNIQUE INDEX one_course_of_a_title ON courses (title)');
  }

  mendReadModel(): void {
    this.#change('DROP INDEX one_course_of_a_title');
  }

  async ready(): Promise<Ready> {
    const response = await fetch(`${this.url}/health/ready`);
    const { status } = (await response.json()) as { status: string };
    return { http: response.status, status };
  }

  /** Resolves when health says so. */
  async isReady(status: string): Promise<void> {
    let last: Ready | undefined;
    await until(
      async () => (last = await this.ready()).status === status,
      () => `health to say ${status}; it says ${last?.status}`,
    );
  }

  /** What the page, and the command line, should come to: nothing waits, and nothing is parked. */
  async projection(): Promise<{ lag: string; parked: number }> {
    const { body } = await call(this.url, 'GET', '/status');
    const { lag, parked } = body.projections.find(
      ({ name }) => name === READ_MODEL,
    )! as unknown as {
      lag: string;
      parked: number;
    };
    return { lag, parked };
  }

  /** The courses with their enrolled students, of the read model and as the log says it. */
  async courses(): Promise<{ read: Record<string, number>; logged: Record<string, number> }> {
    const { body } = await call(this.url, 'GET', '/courses');
    const read = body.courses.map(({ course_id, enrolled }) => [course_id, enrolled] as const);
    const logged = new Map<string, number>();
    for (const { event_type, payload } of await this.#log()) {
      const course_id = payload['course_id'] as string;
      if (event_type === 'course-defined') logged.set(course_id, 0);
      if (event_type === 'student-enrolled') logged.set(course_id, logged.get(course_id)! + 1);
      if (event_type === 'student-withdrawn') logged.set(course_id, logged.get(course_id)! - 1);
    }
    return { read: Object.fromEntries(read), logged: Object.fromEntries(logged) };
  }

  /** Oldest first. */
  async #log(): Promise<Answer['body']['facts']> {
    const facts: Answer['body']['facts'] = [];
    for (let before: string | null = ''; before !== null;) {
      const path: string = before === '' ? '/facts' : `/facts?before=${before}`;
      const { body } = await call(this.url, 'GET', path);
      facts.push(...body.facts);
      before = body.next_before;
    }
    return facts.toReversed();
  }

  #change(statement: string): void {
    const database = new Sqlite(this.readModel, { timeout: 5_000 });
    try {
      database.exec(statement);
    } finally {
      database.close();
    }
  }
}
