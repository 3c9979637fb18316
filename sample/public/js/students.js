import { send } from './api.js';
import { byId, fromTemplate, moveFocus, plural, renderList, setText } from './dom.js';
import { messageOf, onSubmit, setButtonBusy } from './forms.js';

const LIMIT = 10;

/** Calls `chosen(student_id)` when a student is clicked: the timetable is to be shown, or hidden again. */
export function setUpStudents({ committed, chosen }) {
  const form = byId('register-student');
  onSubmit(form, async ({ name }, student_id) => {
    const body = { student_id, name };
    const { sequence_number } = await send('POST', 'students', body, student_id);
    form.elements.name.value = '';
    await committed(sequence_number);
    moveFocus(form, form.elements.name);
  });

  return {
    render(students, chosen_id) {
      setText(
        byId('students-count'),
        students.length === 0 ? '' : plural(students.length, 'student'),
      );
      byId('students-empty').hidden = students.length > 0;
      byId('students-hint').hidden = students.length === 0 || chosen_id !== null;
      renderList(byId('student-list'), students, {
        key: ({ student_id }) => student_id,
        create: ({ student_id }) => {
          const row = fromTemplate('student-row');
          row.querySelector('button').addEventListener('click', () => chosen(student_id));
          return row;
        },
        update: (row, { student_id, name, courses }) => {
          setText(row.querySelector('.name'), name);
          setText(row.querySelector('.load'), plural(courses, 'course'));
          const pressed = String(student_id === chosen_id);
          row.querySelector('button').setAttribute('aria-pressed', pressed);
        },
      });
    },

    renderTimetable(timetable) {
      byId('timetable').hidden = timetable === null;
      if (timetable === null) return;
      const { student_id, name, courses } = timetable;
      setText(byId('timetable-title'), `Timetable of ${name}`);
      setText(byId('timetable-count'), `${courses.length} of ${LIMIT}`);
      byId('timetable-empty').hidden = courses.length > 0;
      const list = byId('lesson-list');
      if (list.dataset.student !== student_id) {
        list.dataset.student = student_id;
        byId('timetable-error').textContent = '';
        list.replaceChildren();
      }
      renderList(list, courses, {
        key: ({ course_id }) => course_id,
        create: ({ course_id }) => createLesson(course_id, student_id, committed),
        update: (row, { title }) => {
          setText(row.querySelector('.name'), title);
          row.querySelector('button').setAttribute('aria-label', `Withdraw ${name} from ${title}`);
        },
      });
    },
  };
}

function createLesson(course_id, student_id, committed) {
  const row = fromTemplate('lesson-row');
  const button = row.querySelector('button');
  const error = byId('timetable-error');
  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') return;
    error.textContent = '';
    setButtonBusy(button, true);
    try {
      const path = `courses/${encodeURIComponent(course_id)}/enrolments/${encodeURIComponent(student_id)}`;
      const { sequence_number } = await send('DELETE', path);
      await committed(sequence_number);
      // The button that had the focus is gone.
      if (!row.isConnected) moveFocus(row, byId('timetable-title'));
    } catch (failure) {
      error.textContent = messageOf(failure);
    } finally {
      setButtonBusy(button, false);
    }
  });
  return row;
}
