import { send } from './api.js';
import { byId, fromTemplate, moveFocus, plural, renderList, setText } from './dom.js';
import { onSubmit } from './forms.js';

/** Beyond this a seat is no longer a square of its own but a part of a bar. */
const SQUARES = 40;

/** `committed(sequence_number)` resolves when the page shows that fact's effect. */
export function setUpCourses({ committed }) {
  const form = byId('define-course');
  onSubmit(form, async ({ title, capacity }, course_id) => {
    const body = { course_id, title, capacity: numberOf(capacity) };
    const { sequence_number } = await send('POST', 'courses', body, course_id);
    form.elements.title.value = '';
    await committed(sequence_number);
    moveFocus(form, form.elements.title);
  });

  return {
    render(courses, students) {
      setText(byId('courses-count'), courses.length === 0 ? '' : plural(courses.length, 'course'));
      byId('courses-empty').hidden = courses.length > 0;
      renderList(byId('course-list'), courses, {
        key: ({ course_id }) => course_id,
        create: ({ course_id }) => createCard(course_id, committed),
        update: (card, course) => updateCard(card, course, students),
      });
    },
  };
}

function createCard(course_id, committed) {
  const card = fromTemplate('course-card');
  const path = `courses/${encodeURIComponent(course_id)}`;

  const enrol = card.querySelector('form.enrol');
  onSubmit(enrol, async ({ student_id }, key, submitter) => {
    const place = submitter?.value ?? 'enrolments';
    const { sequence_number } = await send('POST', `${path}/${place}`, { student_id }, key);
    enrol.elements.student_id.value = '';
    await committed(sequence_number);
  });

  const details = card.querySelector('.capacity');
  const change = details.querySelector('form');
  onSubmit(change, async ({ capacity }, key) => {
    const body = { capacity: numberOf(capacity) };
    const { sequence_number } = await send('PATCH', `${path}/capacity`, body, key);
    await committed(sequence_number);
    moveFocus(change, details.querySelector('summary'));
    details.open = false;
  });

  label(enrol.querySelector('label'), enrol.elements.student_id, `student-${course_id}`);
  label(change.querySelector('label'), change.elements.capacity, `capacity-${course_id}`);
  return card;
}

function updateCard(card, course, students) {
  const { title, capacity, enrolled, free_seats } = course;
  setText(card.querySelector('.card-title'), title);
  setText(card.querySelector('.enrol label'), `Student for ${title}`);
  const full = free_seats <= 0;
  const badge = card.querySelector('.badge');
  setText(badge, full ? 'Full' : `${free_seats} free`);
  card.toggleAttribute('data-full', full);
  card.querySelector('.enrol .wait').hidden = !full;
  setText(card.querySelector('.seats-text'), `${enrolled} of ${plural(capacity, 'seat')} taken`);
  drawSeats(card.querySelector('.seats'), course);

  const before = card.dataset.seats;
  card.dataset.seats = `${enrolled}/${capacity}`;
  if (before !== undefined && before !== card.dataset.seats) flash(badge);

  const input = card.querySelector('.capacity input');
  if (document.activeElement !== input && input.value !== String(capacity)) {
    if (!card.querySelector('.capacity').open) input.value = String(capacity);
  }

  renderList(
    card.querySelector('select'),
    [{ student_id: '', name: 'Choose student' }, ...students],
    {
      key: ({ student_id }) => student_id,
      create: ({ student_id }) =>
        Object.assign(document.createElement('option'), { value: student_id }),
      update: (option, { name }) => setText(option, name),
    },
  );
}

function drawSeats(element, { capacity, enrolled }) {
  element.classList.toggle('bar', capacity > SQUARES);
  if (capacity > SQUARES) {
    element.replaceChildren();
    element.style.setProperty('--taken', `${(100 * enrolled) / capacity}%`);
    return;
  }
  while (element.children.length > capacity) element.lastElementChild.remove();
  while (element.children.length < capacity) element.append(document.createElement('span'));
  Array.from(element.children).forEach((seat, index) => {
    seat.classList.toggle('taken', index < enrolled);
  });
}

function flash(element) {
  if (matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  element.animate([{ transform: 'scale(1.18)' }, { transform: 'scale(1)' }], {
    duration: 350,
    easing: 'ease-out',
  });
}

function label(element, control, id) {
  control.id = id;
  element.htmlFor = id;
}

/** What is no number goes to the server as it is: there is one place that says what is wrong with it. */
function numberOf(text) {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}
