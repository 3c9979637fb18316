import { get } from './api.js';
import { byId, fromTemplate, plural, renderList, setText } from './dom.js';
import { messageOf } from './forms.js';

const PAGE = 30;
const SHOWN = 300;
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** The newest part of the log, as it came by the event stream and by pages; each fact once. */
export function setUpFacts() {
  /** By sequence number; a contiguous range, as pages and batches are. */
  let facts = new Map();
  const names = new Map();

  const older = byId('older-facts');
  older.addEventListener('click', () => void loadOlder());

  async function loadOlder() {
    byId('facts-error').textContent = '';
    try {
      const before = String(Math.min(...facts.keys()));
      add((await get('facts', { before, limit: PAGE })).facts);
      render();
    } catch (error) {
      byId('facts-error').textContent = messageOf(error);
    }
  }

  function add(more) {
    for (const fact of more) facts.set(Number(fact.sequence_number), fact);
  }

  function render() {
    const newest = [...facts.keys()].toSorted((a, b) => b - a);
    byId('facts-empty').hidden = newest.length > 0;
    older.hidden = newest.length === 0 || newest.at(-1) === 1;
    renderList(
      byId('fact-list'),
      newest.map((number) => facts.get(number)),
      { key: ({ sequence_number }) => sequence_number, create: createRow, update: updateRow },
    );
  }

  function updateRow(row, fact) {
    setText(row.querySelector('.story'), storyOf(fact, names));
  }

  return {
    /** After (re)connecting: what was committed meanwhile is in the latest page. */
    async load() {
      facts = new Map();
      add((await get('facts', { limit: PAGE })).facts);
      render();
    },

    committed(batch) {
      add(batch);
      const surplus = [...facts.keys()].toSorted((a, b) => b - a).slice(SHOWN);
      for (const number of surplus) facts.delete(number);
      render();
      setText(byId('announcer'), batch.map((fact) => storyOf(fact, names)).join('. '));
    },

    /** Facts hold ids; people read names. */
    learn(courses, students) {
      for (const { course_id, title } of courses) names.set(course_id, `“${title}”`);
      for (const { student_id, name } of students) names.set(student_id, name);
      render();
    },
  };
}

function createRow({ sequence_number, event_type, occurred_at }) {
  const row = fromTemplate('fact-row');
  setText(row.querySelector('.sequence'), sequence_number);
  setText(row.querySelector('code'), event_type);
  const time = row.querySelector('time');
  time.dateTime = occurred_at;
  setText(time, clock.format(new Date(occurred_at)));
  return row;
}

function storyOf({ event_type, payload }, names) {
  const nameOf = (id) => names.get(id) ?? id;
  switch (event_type) {
    case 'course-defined':
      return `“${payload.title}” is offered with ${plural(payload.capacity, 'seat')}`;
    case 'course-capacity-changed':
      return `${nameOf(payload.course_id)} now has ${plural(payload.capacity, 'seat')}`;
    case 'student-registered':
      return `${payload.name} registered`;
    case 'student-enrolled':
      return `${nameOf(payload.student_id)} enrolled in ${nameOf(payload.course_id)}`;
    case 'student-withdrawn':
      return `${nameOf(payload.student_id)} withdrew from ${nameOf(payload.course_id)}`;
    case 'waiting-list-opened':
      return `${nameOf(payload.course_id)} is full: it has a waiting list now`;
    case 'student-waiting':
      return `${nameOf(payload.student_id)} waits for ${nameOf(payload.course_id)}`;
    default:
      return event_type;
  }
}
