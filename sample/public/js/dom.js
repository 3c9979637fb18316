export const byId = (id) => document.getElementById(id);

export function fromTemplate(id) {
  return byId(id).content.firstElementChild.cloneNode(true);
}

/** Writes only what changed, so that screen readers and selections are left in peace. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `list` follow `items`. Elements stay the same for the same key: focus, open details
 * and half-typed input survive every update.
 */
export function renderList(list, items, { key, create, update }) {
  const existing = new Map(Array.from(list.children, (element) => [element.dataset.key, element]));
  let previous = null;
  for (const item of items) {
    const id = key(item);
    let element = existing.get(id);
    if (element === undefined) {
      element = create(item);
      element.dataset.key = id;
    }
    existing.delete(id);
    const next = previous === null ? list.firstElementChild : previous.nextElementSibling;
    if (element !== next) list.insertBefore(element, next);
    update(element, item);
    previous = element;
  }
  for (const element of existing.values()) element.remove();
}

export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** Moves the focus on, unless the person has moved elsewhere meanwhile. */
export function moveFocus(from, to) {
  const { activeElement, body } = document;
  if (activeElement === body || from.contains(activeElement)) to.focus();
}
