import { call } from '../../sample/support/api.js';

const COURSES: readonly (readonly [title: string, seats: number])[] = [
  ['Linear algebra', 40],
  ['Compilers', 12],
  ['Distributed systems', 24],
  ['Databases', 30],
  ['Type theory', 8],
  ['Numerical methods', 20],
  ['Operating systems', 25],
  ['Information retrieval', 16],
];

const FIRST =
  'Ada Grace Edsger Barbara Alan Radia Donald Frances Niklaus Shafi Leslie Jean Tony Hedy'.split(
    ' ',
  );
const LAST = 'Lindqvist Okafor Moreau Tanaka Silva Novak Haddad Jensen Petrov Rossi Kaya'.split(
  ' ',
);

/** Students who enrol in courses of the sample and withdraw again: the same ones with each run. */
export class Traffic {
  readonly #url: string;
  readonly #courses: string[] = [];
  readonly #students: string[] = [];
  readonly #enrolled = new Set<string>();
  #turn = 0;
  #ended: Promise<void> | undefined;
  #isEnding = false;

  constructor(url: string) {
    this.#url = url;
  }

  /** Courses, students, and a first rush on the seats. */
  async begin(students: number): Promise<void> {
    for (const [title, capacity] of COURSES) {
      const course_id = title.toLowerCase().replaceAll(' ', '-');
      this.#courses.push(course_id);
      await call(this.#url, 'POST', '/courses', { course_id, title, capacity });
    }
    for (let number = 0; number < students; number++) {
      const name = `${FIRST[number % FIRST.length]!} ${LAST[number % LAST.length]!}`;
      const student_id = `student-${number + 1}`;
      this.#students.push(student_id);
      await call(this.#url, 'POST', '/students', { student_id, name });
    }
    for (let number = 0; number < students; number++) await this.step();
  }

  /** Goes on until `end`, now quicker, now slower. */
  run(): void {
    this.#ended = this.#go();
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#ended;
  }

  async #go(): Promise<void> {
    while (!this.#isEnding) {
      await this.step();
      const pause = 40 + 60 * (1 + Math.sin(this.#turn / 40));
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /** One student enrols, or withdraws where that was done before; the sample may refuse it. */
  async step(): Promise<void> {
    this.#turn += 1;
    const course = this.#courses[(this.#turn * 5) % this.#courses.length]!;
    const student_id = this.#students[(this.#turn * 13) % this.#students.length]!;
    const place = `${course}/enrolments`;
    const key = `${place}/${student_id}`;
    if (this.#enrolled.delete(key)) {
      await call(this.#url, 'DELETE', `/courses/${key}`);
    } else {
      this.#enrolled.add(key);
      await call(this.#url, 'POST', `/courses/${place}`, { student_id });
    }
  }
}
