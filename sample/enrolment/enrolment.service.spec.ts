import { beforeEach, describe, expect, it } from '@jest/globals';
import { FactstrMemoryStore, FactstrStore, fact, factQuery } from 'nestjs-factstr';
import type { NewEvent } from 'nestjs-factstr';
import { COURSES_PER_STUDENT } from './domain/decisions/enrol.js';
import {
  ADA,
  ADA_IN_ALGEBRA,
  ALGEBRA,
  GRACE,
  GRACE_IN_ALGEBRA,
} from './domain/testing/examples.js';
import { EnrolmentService } from './enrolment.service.js';

const ADA_LEAVES_ALGEBRA = { course_id: 'algebra', student_id: 'ada' };

const known = [
  fact('course-defined', ALGEBRA),
  fact('student-registered', ADA),
  fact('student-registered', GRACE),
];
const enrolled = [...known, fact('student-enrolled', ADA_IN_ALGEBRA)];
const withdrawn = [...enrolled, fact('student-withdrawn', ADA_LEAVES_ALGEBRA)];
const busy = Array.from({ length: COURSES_PER_STUDENT }, (_, index) =>
  fact('student-enrolled', { ...ADA_IN_ALGEBRA, course_id: `course-${index}` }),
);

describe('The enrolment service', () => {
  let log: FactstrMemoryStore;
  let service: EnrolmentService;

  beforeEach(() => {
    log = new FactstrMemoryStore();
    service = new EnrolmentService(FactstrStore.of(log));
  });

  function facts(): NewEvent[] {
    const { event_records } = log.query(factQuery());
    return event_records.map(({ event_type, payload }) => ({ event_type, payload }));
  }

  it('appends the fact of each command, and answers its sequence number', async () => {
    expect(await service.defineCourse(ALGEBRA)).toBe(1n);
    expect(await service.registerStudent(ADA)).toBe(2n);
    expect(await service.registerStudent(GRACE)).toBe(3n);
    expect(await service.enrol(ADA_IN_ALGEBRA)).toBe(4n);
    expect(await service.withdraw(ADA_LEAVES_ALGEBRA)).toBe(5n);
    expect(facts()).toEqual(withdrawn);
    const enlarged = { course_id: 'algebra', capacity: 2 };
    expect(await service.changeCapacity(enlarged)).toBe(6n);
    expect(facts().at(-1)).toEqual(fact('course-capacity-changed', enlarged));
  });

  it('answers a repeated command as the first time, and appends nothing', async () => {
    log.append(withdrawn);
    expect(await service.defineCourse(ALGEBRA)).toBe(1n);
    expect(await service.registerStudent(ADA)).toBe(2n);
    expect(await service.enrol(ADA_IN_ALGEBRA)).toBe(4n);
    expect(facts()).toEqual(withdrawn);
  });

  // What a context leaves out, its decision cannot know.
  it.each<[string, NewEvent[], (service: EnrolmentService) => Promise<bigint>]>([
    ['course-id-taken', known, (s) => s.defineCourse({ ...ALGEBRA, title: 'Topology' })],
    ['student-id-taken', known, (s) => s.registerStudent({ ...ADA, name: 'Adele' })],
    [
      'capacity-below-enrolled',
      enrolled,
      (s) => s.changeCapacity({ course_id: 'algebra', capacity: 0 }),
    ],
    ['course-full', enrolled, (s) => s.enrol(GRACE_IN_ALGEBRA)],
    ['already-enrolled', enrolled, (s) => s.enrol({ ...ADA_IN_ALGEBRA, enrolment_id: 'other' })],
    ['too-many-courses', [...known, ...busy], (s) => s.enrol(ADA_IN_ALGEBRA)],
    ['not-enrolled', withdrawn, (s) => s.withdraw(ADA_LEAVES_ALGEBRA)],
  ])('refuses by the facts of the log, and appends nothing: %s', async (reason, given, command) => {
    log.append(given);
    await expect(command(service)).rejects.toMatchObject({ reason });
    expect(facts()).toEqual(given);
  });

  it.each<[string, NewEvent[], (service: EnrolmentService) => Promise<bigint>]>([
    [
      'the course was enlarged',
      [...enrolled, fact('course-capacity-changed', { course_id: 'algebra', capacity: 2 })],
      (s) => s.enrol(GRACE_IN_ALGEBRA),
    ],
    ['another student withdrew', withdrawn, (s) => s.enrol(GRACE_IN_ALGEBRA)],
    [
      'the student left another course',
      [
        ...known,
        ...busy,
        fact('student-withdrawn', { ...ADA_LEAVES_ALGEBRA, course_id: 'course-0' }),
      ],
      (s) => s.enrol(ADA_IN_ALGEBRA),
    ],
  ])('gives a seat because %s', async (_why, given, command) => {
    log.append(given);
    await expect(command(service)).resolves.toBe(BigInt(given.length + 1));
  });

  it('gives the last seat to one of two students that ask at once', async () => {
    log.append(known);
    const [ada, grace] = await Promise.allSettled([
      service.enrol(ADA_IN_ALGEBRA),
      service.enrol(GRACE_IN_ALGEBRA),
    ]);
    expect(ada).toEqual({ status: 'fulfilled', value: 4n });
    expect(grace).toMatchObject({ status: 'rejected', reason: { reason: 'course-full' } });
    expect(facts()).toEqual(enrolled);
  });

  it('decides anew when the seat is taken between its reading and its append', async () => {
    log.append(known);
    const grace = service.enrol(GRACE_IN_ALGEBRA);
    log.append([fact('student-enrolled', ADA_IN_ALGEBRA)]);
    await expect(grace).rejects.toMatchObject({ reason: 'course-full' });
    expect(facts()).toEqual(enrolled);
  });
});
