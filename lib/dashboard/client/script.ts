/** The page's module: draws live parts anew, follows the tail. Everything else works without it. */
export const SCRIPT = String.raw`const EVERY = 2000;
const KEPT = 200;
const connection = document.getElementById('connection');

function say(state) {
  const text = state === 'live' ? 'Live' : 'Not connected: this may be out of date';
  if (connection.textContent !== text) connection.textContent = text;
  connection.dataset.state = state;
}

/** Puts a part in the place of the former one; focus and opened details stay. */
function put(part, fresh) {
  if (part.innerHTML === fresh.innerHTML) return;
  const focused = part.contains(document.activeElement) ? document.activeElement.id : '';
  for (const open of part.querySelectorAll('details[open]')) {
    fresh.querySelector('#' + CSS.escape(open.id))?.setAttribute('open', '');
  }
  part.replaceChildren(...fresh.childNodes);
  if (focused !== '') document.getElementById(focused)?.focus({ preventScroll: true });
}

async function refresh() {
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) throw new Error(answer.statusText);
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    for (const part of document.querySelectorAll('[data-live]')) {
      const other = fresh.getElementById(part.id);
      if (other !== null) put(part, other);
    }
    say('live');
  } catch {
    say('lost');
  }
}

async function keepFresh() {
  if (!document.hidden) await refresh();
  setTimeout(keepFresh, EVERY);
}

/** Newest first. What was there already is not added again, whatever the server repeats. */
function follow(list) {
  let last = BigInt(list.dataset.after);
  let isHeld = false;
  const held = [];
  const hold = document.getElementById('hold');
  const add = (row) => {
    list.prepend(row);
    while (list.children.length > KEPT) list.lastElementChild.remove();
  };
  hold.hidden = false;
  hold.addEventListener('click', () => {
    isHeld = !isHeld;
    hold.setAttribute('aria-pressed', String(isHeld));
    if (!isHeld) held.splice(0).forEach(add);
  });
  const connect = () => {
    const address = new URL('tail', import.meta.url);
    address.searchParams.set('store', list.dataset.store);
    address.searchParams.set('after', String(last));
    const events = new EventSource(address);
    events.addEventListener('ready', () => say('live'));
    events.addEventListener('fact', ({ data, lastEventId }) => {
      const number = BigInt(lastEventId);
      if (number <= last) return;
      last = number;
      const row = new DOMParser().parseFromString(data, 'text/html').querySelector('li');
      if (isHeld) held.push(row);
      else add(row);
    });
    events.addEventListener('error', () => {
      say('lost');
      // After an answer that is no stream the browser does not connect again by itself.
      if (events.readyState === EventSource.CLOSED) setTimeout(connect, 1000);
    });
  };
  connect();
}

const list = document.getElementById('tail');
if (list !== null) follow(list);
if (document.querySelector('[data-live]') !== null) setTimeout(keepFresh, EVERY);
`;
