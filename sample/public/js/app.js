import { Refusal, get } from './api.js';
import { setUpCourses } from './courses.js';
import { setUpFacts } from './facts.js';
import { follow } from './live.js';
import { showBehind, showConnection, showStatus } from './status.js';
import { setUpStudents } from './students.js';

/** Milliseconds between two attempts at a read model that is behind or does not answer. */
const AGAIN = 1_000;

let chosen = null;
/** The newest fact whose effect this page has to show. */
let wanted = 0n;
let refreshing = null;
let timer;

const facts = setUpFacts();
const courses = setUpCourses({ committed });
const students = setUpStudents({ committed, chosen: choose });

follow('events', {
  state: showConnection,
  ready() {
    // The server may have been given another log meanwhile.
    wanted = 0n;
    void loadFacts();
    void refresh();
  },
  facts(batch) {
    facts.committed(batch);
    void committed(batch.at(-1).sequence_number);
  },
});

async function loadFacts() {
  try {
    await facts.load();
  } catch {
    setTimeout(() => void loadFacts(), AGAIN);
  }
}

/** Resolves when the page shows that fact's effect, or gave up waiting for a read model that is behind. */
function committed(sequence_number) {
  if (BigInt(sequence_number) > wanted) wanted = BigInt(sequence_number);
  return refresh();
}

function choose(student_id) {
  chosen = chosen === student_id ? null : student_id;
  return refresh();
}

/** Reads everything anew. Calls during a reading share the next one: a burst of facts costs two readings. */
function refresh() {
  clearTimeout(timer);
  if (refreshing === null) {
    refreshing = { current: read(), next: null };
    void refreshing.current.finally(finish);
    return refreshing.current;
  }
  refreshing.next ??= refreshing.current.then(read);
  return refreshing.next;
}

function finish() {
  const { next } = refreshing;
  refreshing = next === null ? null : { current: next, next: null };
  if (next !== null) void next.finally(finish);
}

async function read() {
  const at_least = String(wanted);
  const student_id = chosen;
  try {
    // Waits for the read model; the other two then find it there.
    const courseView = await get('courses', { at_least });
    const [studentView, timetable, status] = await Promise.all([
      get('students', { at_least }),
      student_id === null ? null : readTimetable(student_id, at_least),
      get('status'),
    ]);
    facts.learn(courseView.courses, studentView.students);
    courses.render(courseView.courses, studentView.students);
    students.render(studentView.students, student_id);
    students.renderTimetable(timetable);
    showStatus(status);
    const behind = wanted - BigInt(courseView.position);
    showBehind(Number(behind));
    if (behind > 0n) again();
  } catch {
    // The connection's state says so already; forms report their own failures.
    again();
  }
}

async function readTimetable(student_id, at_least) {
  try {
    return await get(`students/${encodeURIComponent(student_id)}/timetable`, { at_least });
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(() => void refresh(), AGAIN);
}
