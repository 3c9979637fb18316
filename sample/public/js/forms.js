import { Refusal, Unanswered, newId } from './api.js';

/**
 * Sends a form: busy while under way, and what goes wrong stands beside the control where it happened.
 * `command(values, id, submitter)` gets the same id again after an unanswered attempt with the same values by the same
 * button.
 */
export function onSubmit(form, command) {
  let attempt = null;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.dataset.busy !== undefined) return;
    clearError(form);
    const fields = Array.from(new FormData(form), ([name, value]) => [name, value.trim()]);
    const values = Object.fromEntries(fields);
    const content = JSON.stringify([values, event.submitter?.value]);
    if (attempt?.content !== content) attempt = { content, id: newId() };
    setBusy(form, true);
    try {
      await command(values, attempt.id, event.submitter);
      attempt = null;
    } catch (error) {
      if (!(error instanceof Unanswered)) attempt = null;
      showError(form, error);
    } finally {
      setBusy(form, false);
    }
  });
  form.addEventListener('input', () => clearError(form));
}

export function messageOf(error) {
  if (error instanceof Refusal || error instanceof Unanswered) return error.message;
  console.error(error);
  return 'Something went wrong on this page. Please reload it.';
}

function showError(form, error) {
  const output = form.querySelector('.error');
  output.id ||= `error-${newId()}`;
  output.textContent = messageOf(error);
  const invalid = error instanceof Refusal ? error.fields.map(({ field }) => field) : [];
  for (const control of controlsOf(form)) {
    control.setAttribute('aria-describedby', output.id);
    if (invalid.includes(control.name)) control.setAttribute('aria-invalid', 'true');
  }
  form.querySelector('[aria-invalid]')?.focus();
}

function clearError(form) {
  form.querySelector('.error').textContent = '';
  for (const control of controlsOf(form)) {
    control.removeAttribute('aria-invalid');
    control.removeAttribute('aria-describedby');
  }
}

function setBusy(form, busy) {
  form.toggleAttribute('data-busy', busy);
  setButtonBusy(form.querySelector('button'), busy);
}

/** Not `disabled`: a disabled button loses the keyboard's focus. */
export function setButtonBusy(button, busy) {
  button.setAttribute('aria-busy', String(busy));
  button.setAttribute('aria-disabled', String(busy));
}

function controlsOf(form) {
  return form.querySelectorAll('input, select');
}
