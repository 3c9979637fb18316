import { NARROW, WIDE, cart, factOf, group, groupsOf } from '../facts.mjs';

const STUDENTS = 200;

export const decideModels = {
  id: 'decide-models',
  title: 'Decisions with models',
  metric: 'operations',
  about: `Decisions per second of one caller through \`FactstrStore.decide\`. Narrow: the rows of a query, ${NARROW} facts of a context that was not decided on before. Wide: a model on a context of ${WIDE.toLocaleString('en')} facts, whose state is remembered; each decision appends a fact to it.`,

  async run(bench) {
    const size = Math.max(...bench.options.sizes);
    for (const engine of ['sqlite', 'postgres', 'memory']) {
      const all = await bench.keep(engine, { ids: ['ours', 'service'], size });
      const entrants = all.filter(({ id }) => id === 'service');
      await bench.measureAll(
        entrants.flatMap((entrant) => [
          { about: aboutOf(NARROW_CASE), entrant, run: narrow(size) },
          { about: aboutOf(NARROW_MODEL_CASE), entrant, run: narrowModel(size) },
          { about: aboutOf(WIDE_CASE), entrant, run: wide(size) },
        ]),
      );
    }
  },
};

export const NARROW_CASE = 'narrow, a query';
export const NARROW_MODEL_CASE = 'narrow, a model';
export const WIDE_CASE = `wide, a model, ${WIDE.toLocaleString('en')} facts`;

const aboutOf = (name) => ({ workload: 'decide-models', case: name });
const below = (limit) => Math.floor(Math.random() * limit);
/** A fact of another context: narrow ones stay narrow. */
const elsewhere = factOf(cart('new'));

const narrow = (size) => (entrant, milliseconds) =>
  entrant.appends(() => entrant.session.decide(cart(below(Math.floor(size / NARROW))), elsewhere), {
    milliseconds,
  });

const narrowModel = (size) => (entrant, milliseconds) =>
  entrant.appends(
    () => entrant.session.decideModel(cart(below(Math.floor(size / NARROW))), elsewhere),
    { milliseconds },
  );

function wide(size) {
  return async (entrant, milliseconds) => {
    const groups = Array.from({ length: Math.min(8, groupsOf(size)) }, (_, n) => group(n));
    for (const context of groups) {
      entrant.committed(await entrant.session.decideModel(context, factOf(context)));
    }
    return entrant.appends(
      (n) => {
        const context = groups[n % groups.length];
        return entrant.session.decideModel(context, factOf(context));
      },
      { milliseconds },
    );
  };
}

export const decideTogether = {
  id: 'decide-together',
  title: 'One course, many students',
  metric: 'facts',
  about: `Facts committed per second. One caller: a student after another enrols in a course, each on a context of course and student. Together: ${STUDENTS} students enrol in one course with ${STUDENTS} seats at once; none is refused.`,

  async run(bench) {
    for (const engine of ['sqlite', 'postgres']) {
      await bench.with(engine, { ids: ['ours', 'service'] }, async (all) => {
        const entrants = all.filter(({ id }) => id === 'service');
        await bench.measureAll(
          entrants.flatMap((entrant) => [
            { about: { workload: 'decide-together', case: ONE_CASE }, entrant, run: enrolments(1) },
            {
              about: { workload: 'decide-together', case: TOGETHER_CASE },
              entrant,
              run: enrolments(STUDENTS),
            },
          ]),
        );
      });
    }
  },
};

export const ONE_CASE = 'one caller';
export const TOGETHER_CASE = `${STUDENTS} at once`;

/** Courses of `STUDENTS` seats, one after the other: each is filled. */
const enrolments = (callers) => async (entrant, milliseconds) => {
  const { session } = entrant;
  const total = { operations: 0, facts: 0, conflicts: 0, milliseconds: 0 };
  while (total.milliseconds < milliseconds) {
    const course = `course-${entrant.numbers(1)}`;
    entrant.committed(await session.defineCourse(course, STUDENTS));
    const first = entrant.numbers(STUDENTS);
    const measured = await entrant.appends((n) => session.enrol(course, `student-${first + n}`), {
      callers,
      milliseconds: Infinity,
      operations: STUDENTS,
    });
    for (const key of Object.keys(total)) total[key] += measured[key];
    Object.assign(total, { p50: measured.p50, p99: measured.p99 });
  }
  return total;
};
