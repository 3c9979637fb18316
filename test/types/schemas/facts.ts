import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import {
  FactstrMemoryStore,
  FactstrModule,
  ApplyFact,
  DurableProjection,
  FactstrStore,
  OnFacts,
  decisionModel,
  decisionsOn,
  defineDecision,
  defineFacts,
  fact,
  factQuery,
  facts,
  foreignFact,
  model,
  upcast,
} from 'nestjs-factstr';
import type {
  FactInput,
  FactPayload,
  FactRecord,
  FactsOf,
  ReactionContext,
  SchemaInput,
  SchemaOutput,
  StandardSchema,
} from 'nestjs-factstr';
import { specifyDecision } from 'nestjs-factstr/testing';
import * as z from 'zod';
import type { Same } from '../same.js';
import { arktypeFacts, valibotFacts, zodFacts } from './fact-map.js';

// The types are those of the specification.
declare const published: StandardSchemaV1<{ a: string }, { a: number }>;
declare const described: StandardJSONSchemaV1<{ a: string }> & StandardSchemaV1<{ a: string }>;
published satisfies StandardSchema<{ a: string }, { a: number }>;
described satisfies StandardSchema<{ a: string }>;
declare const own: StandardSchema<{ a: string }, { a: number }>;
own satisfies StandardSchemaV1<{ a: string }, { a: number }>;
true satisfies Same<SchemaInput<typeof published>, { a: string }>;
true satisfies Same<SchemaOutput<typeof own>, { a: number }>;

// What an append takes is the input, what readers get is the output.
true satisfies Same<FactInput<'room-booked'>, { room: string; seats?: number | undefined }>;
true satisfies Same<FactPayload<'room-booked'>, { room: string; seats: number }>;
true satisfies Same<FactPayload<'bill-sent'>['due'], Date>;
true satisfies Same<FactInput<'bill-sent'>['due'], string>;
true satisfies Same<FactPayload<'course-defined'>['capacity'], number>;

const defined = fact('course-defined', { course_id: 'a', title: 'A' });
zodFacts.fact('course-defined', { course_id: 'a', title: 'A', capacity: 3 });
valibotFacts.fact('room-booked', { room: 'a' });
arktypeFacts.fact('bill-sent', { id: 'a', due: '2026-01-01' });
// @ts-expect-error a member is missing
fact('course-defined', { course_id: 'a' });
// @ts-expect-error a member is of another type
fact('room-booked', { room: 1 });
// @ts-expect-error the output is not what is appended
fact('bill-sent', { id: 'a', due: new Date() });
// @ts-expect-error no such type
fact('course-lost', {});
// @ts-expect-error a former type is not written any more
fact('student-enrolled', { course: 1 });
// @ts-expect-error a member is of another type
zodFacts.fact('course-defined', { course_id: 1, title: 'A' });
// @ts-expect-error a type of other facts
valibotFacts.fact('course-defined', { course_id: 'a', title: 'A' });

// Predicates are on what is stored.
facts('course-defined').where({ course_id: 'a' });
facts('room-booked').where({ room: 'a' });
facts('bill-sent').where({ id: 'a', net: 3 });
facts('student-enrolled.v2').where({ student: { student_id: 'x' } });
zodFacts.facts('course-defined').where({ course_id: 'a' });
// @ts-expect-error a default may supply it
facts('course-defined').where({ capacity: 20 });
// @ts-expect-error a default may supply it
facts('room-booked').where({ seats: 1 });
// @ts-expect-error a default may supply it
facts('bill-sent').where({ copies: 1 });
// @ts-expect-error a transformation makes it
facts('bill-sent').where({ due: '2026-01-01' });
// @ts-expect-error a coercion makes it, deeper
facts('student-enrolled.v2').where({ student: { since: '2026-01-01' } });
// @ts-expect-error no such member
facts('course-defined').where({ colour: 'red' });
// @ts-expect-error a former type
facts('student-enrolled');
// @ts-expect-error a default may supply it
zodFacts.facts('course-defined').where({ capacity: 20 });
// @ts-expect-error no such type
zodFacts.facts('room-booked');

// The service.
const store = FactstrStore.of(new FactstrMemoryStore({ facts: [zodFacts, valibotFacts] }));
void store.append([defined, foreignFact('other', 1)]);
// @ts-expect-error no such type
void store.append([{ event_type: 'course-lost', payload: {} }]);
void store.query(factQuery(facts('course-defined', 'bill-sent'))).then(({ event_records }) => {
  for (const record of event_records) {
    if (record.event_type === 'course-defined') record.payload.capacity satisfies number;
    else record.payload.due satisfies Date;
    // @ts-expect-error the input is not what is read
    if (record.event_type === 'bill-sent') record.payload.due satisfies string;
  }
});
void store.check({ signal: AbortSignal.timeout(1) }).then(({ unread }) => unread[0]!.numbers);
FactstrModule.forRoot({ provider: 'memory', facts: zodFacts });
FactstrModule.forRoot({ provider: 'custom', store: new FactstrMemoryStore(), facts: [zodFacts] });
// @ts-expect-error schemas are defined first
FactstrModule.forRoot({ provider: 'memory', facts: { 'course-defined': z.object({}) } });

export class Handlers {
  @OnFacts('course-defined')
  output(records: FactRecord<'course-defined'>[]) {
    records[0]!.payload.capacity satisfies number;
  }

  // @ts-expect-error the input is not what handlers get
  @OnFacts('bill-sent')
  input(records: { payload: { id: string; due: string } }[]) {
    void records;
  }
}

// A named store with facts of its own.
const auditFacts = defineFacts({ login: z.object({ user: z.string(), at: z.string() }) });
const audit = FactstrStore.of<FactsOf<typeof auditFacts>>(new FactstrMemoryStore());
void audit.append([auditFacts.fact('login', { user: 'a', at: 'b' })]);
void audit
  .query(factQuery(auditFacts.facts('login').where({ user: 'a' })))
  .then(({ event_records }) => {
    event_records[0]!.payload.user satisfies string;
  });
// @ts-expect-error a fact of other facts
void audit.append([defined]);

// Its decisions are defined for it.
const logins = decisionModel('types: logins', (user: string) =>
  model<number, FactsOf<typeof auditFacts>>(0).on(
    auditFacts.facts('login').where({ user }),
    (count, { payload }) => {
      payload.at satisfies string;
      return count + 1;
    },
  ),
);
const defineAudit = decisionsOn<FactsOf<typeof auditFacts>>();
const login = defineAudit(
  (user: string) => ({ logins: logins(user) }),
  ({ logins: count }, user) => {
    if (count > 3) throw new Error('blocked');
    return auditFacts.fact('login', { user, at: 'now' });
  },
);
async function decided(context: ReactionContext<FactsOf<typeof auditFacts>>): Promise<void> {
  const { appended } = await audit.decide(login, 'a');
  appended.first_sequence_number satisfies bigint;
  await context.decide(login, 'a');
  await context.append([auditFacts.fact('login', { user: 'a', at: 'b' })]);
  await specifyDecision(login)
    .given(auditFacts.fact('login', { user: 'a', at: 'b' }))
    .when('a')
    .then(auditFacts.fact('login', { user: 'a', at: 'now' }));
  // @ts-expect-error a fact of other facts
  specifyDecision(login).given(defined);
  // @ts-expect-error a fact of other facts
  await context.append([defined]);
}
void decided;
defineAudit(
  (user: string) => ({ logins: logins(user) }),
  // @ts-expect-error a fact of other facts
  () => defined,
);
declare const application: FactstrStore;
// @ts-expect-error it appends facts that this store does not have
void application.decide(login, 'a');
const define = defineDecision(
  (user: string) => ({ logins: logins(user) }),
  () => defined,
);
void application.decide(define, 'a');
// @ts-expect-error it appends facts that this store does not have
void audit.decide(define, 'a');

@DurableProjection({ name: 'logins' })
export class Logins {
  @ApplyFact(auditFacts.facts('login'))
  async react(
    { payload }: FactRecord<'login', FactsOf<typeof auditFacts>>,
    context: ReactionContext<FactsOf<typeof auditFacts>>,
  ) {
    await context.decide(login, payload.user);
  }
}

// Schemas keep what their library knows of them, and are Standard Schemas.
zodFacts.schemas['course-defined'].shape.capacity satisfies z.ZodType;
valibotFacts.schemas['room-booked'].entries satisfies object;
arktypeFacts.schemas['bill-sent'] satisfies StandardSchemaV1;
zodFacts.types satisfies readonly ('course-defined' | 'student-enrolled.v2')[];
zodFacts.jsonSchemas({ target: 'openapi-3.0', of: 'output' })['course-defined'] satisfies object;
// @ts-expect-error no such type
void zodFacts.schemas['course-lost'];

// Definitions.
// @ts-expect-error no schema
defineFacts({ a: { type: 'object' } });
defineFacts({
  a: {
    schema: z.object({ b: z.string() }),
    from: {
      // @ts-expect-error what it makes is not what the schema takes
      old: { up: () => ({ b: 1 }) },
      // @ts-expect-error a predicate has no such member
      older: { up: () => ({ b: '' }), where: ({ c }) => ({ c }) },
      // @ts-expect-error the former payload has no such member
      oldest: upcast(z.object({ x: z.string() }), ({ y }) => ({ b: y })),
    },
    // @ts-expect-error the payload has no such member
    checkAppend: ({ c }) => c === 1,
  },
});
