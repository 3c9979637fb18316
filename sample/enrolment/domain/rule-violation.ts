/** Why a command was refused. Clients may rely on these. */
export type RuleReason =
  | 'course-id-taken'
  | 'student-id-taken'
  | 'course-full'
  | 'already-enrolled'
  | 'already-waiting'
  | 'no-waiting-list'
  | 'too-many-courses'
  | 'capacity-below-enrolled';

export type UnknownReason = 'unknown-course' | 'unknown-student' | 'not-enrolled';

/** A command that the rules of the domain refuse. */
export class RuleViolation extends Error {
  constructor(
    readonly reason: RuleReason,
    message: string,
  ) {
    super(message);
  }
}

/** A command about something that does not exist. */
export class UnknownEntity extends Error {
  constructor(
    readonly reason: UnknownReason,
    message: string,
  ) {
    super(message);
  }
}

/** What must exist. @throws UnknownEntity */
export function known<T>(kind: 'course' | 'student', entity: T | null, id: string): T {
  if (entity === null) throw new UnknownEntity(`unknown-${kind}`, `No ${kind} ${id}.`);
  return entity;
}
