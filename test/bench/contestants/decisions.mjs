// Decisions through `FactstrStore.decide`.
import { DOMINANT } from '../facts.mjs';
import { queryOf } from './fact-store.mjs';
import { decisionModel, defineDecision, model } from './library.mjs';

/** How many facts a context has, and the newest one's id. Older builds have no models. */
const sizeOf = decisionModel?.('size of a context', (key, value) =>
  model({ count: 0, newest: '' }).on(DOMINANT, { [key]: value }, ({ count }, { payload }) => ({
    count: count + 1,
    newest: payload.id,
  })),
);

const seats = decisionModel?.('seats', (course) =>
  model({ capacity: 0, taken: 0 })
    .on('course-defined', { course }, (state, { payload }) => ({
      ...state,
      capacity: payload.capacity,
    }))
    .on('student-enrolled', { course }, (state) => ({ ...state, taken: state.taken + 1 })),
);

const coursesOf = decisionModel?.('courses of a student', (student) =>
  model(0).on('student-enrolled', { student }, (count) => count + 1),
);

const enrol = defineDecision?.(
  ({ course, student }) => ({ seats: seats(course), courses: coursesOf(student) }),
  ({ seats, courses }, { course, student }) => {
    if (seats.taken >= seats.capacity || courses >= 10) throw new Error('The course is full.');
    return { event_type: 'student-enrolled', payload: { course, student } };
  },
);

/** Each returns how many facts it committed. */
export function decisionsSession(service) {
  const committed = (result) => Number(result?.committed_count ?? 0);
  return {
    decide: async (context, fact) =>
      committed(await service.decide(queryOf(context), () => [fact])),
    decideModel: async ({ key, value }, fact) =>
      committed((await service.decide({ size: sizeOf(key, value) }, () => fact)).appended),
    defineCourse: async (course, capacity) =>
      committed(
        await service.append([{ event_type: 'course-defined', payload: { course, capacity } }]),
      ),
    enrol: async (course, student) =>
      committed((await service.decide(enrol, { course, student })).appended),
  };
}
