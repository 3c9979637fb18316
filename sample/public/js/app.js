import { Refusal, Unanswered, get } from './api.js';
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
/** The newest fact whose effect it shows. */
let shown = 0n;
/** The reading under way, which waits for the fact `upTo`, and the one after it. */
let reading = null;
let queued = null;
let timer;

const facts = setUpFacts();
const courses = setUpCourses({ committed });
const students = setUpStudents({ committed, chosen: choose });

follow('events', {
  state: showConnection,
  ready() {
    // The server may have been given another log meanwhile.
    wanted = shown = 0n;
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
  const number = BigInt(sequence_number);
  if (number > wanted) wanted = number;
  if (number <= shown) return Promise.resolve();
  return reading !== null && number <= reading.upTo ? reading.done : refresh();
}

function choose(student_id) {
  chosen = chosen === student_id ? null : student_id;
  return refresh();
}

/** Reads everything anew. Calls during a reading share the next one: a burst of facts costs two readings. */
function refresh() {
  if (queued !== null) return queued;
  if (reading === null) return begin();
  queued = reading.done.then(begin);
  return queued;
}

function begin() {
  clearTimeout(timer);
  queued = null;
  const upTo = wanted;
  const done = read(upTo).finally(() => {
    reading = null;
  });
  reading = { upTo, done };
  return done;
}

async function read(upTo) {
  const at_least = String(upTo);
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
    shown = BigInt(courseView.position);
    const behind = upTo > shown ? upTo - shown : 0n;
    showBehind(Number(behind));
    if (behind > 0n) again();
  } catch (error) {
    // A server that does not answer shows as the connection's state; forms report their own failures.
    if (!(error instanceof Unanswered)) console.error(error);
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
