import { byId, plural, setText } from './dom.js';

const CONNECTION = { connecting: 'Connecting…', live: 'Live', reconnecting: 'Reconnecting…' };

export function showConnection(state) {
  const element = byId('connection');
  element.dataset.state = state;
  setText(element.querySelector('.text'), CONNECTION[state]);
  document.body.toggleAttribute('data-stale', state === 'reconnecting');
  showNotice(
    state === 'reconnecting' ? 'Not connected: what you see may be out of date.' : '',
    'connection',
  );
}

export function showStatus({ head, read_model, projections }) {
  setText(byId('head'), head);
  setText(byId('read-model'), `at ${read_model.position} · lag ${read_model.lag}`);
  byId('read-model').toggleAttribute('data-behind', read_model.lag !== '0');
  const [projection] = projections;
  const state = projection?.state ?? 'idle';
  setText(byId('projection'), projection ? describe(projection) : 'none');
  byId('projection').dataset.state = state;
  showNotice(
    projection?.reason ? `The read model does not go on: ${projection.reason}` : '',
    'projection',
  );
}

/** Its state, how far behind it is, the facts that it left aside, and the process that runs it. */
function describe({ state, lag, parked, owner }) {
  const parts = [state === 'idle' ? 'in another process' : state];
  if (lag !== null) parts.push(`lag ${lag}`);
  if (parked > 0) parts.push(`${parked} parked`);
  if (owner !== null) parts.push(owner);
  return parts.join(' · ');
}

export function showBehind(facts) {
  showNotice(
    facts > 0 ? `The read model is ${plural(facts, 'fact')} behind; catching up…` : '',
    'behind',
  );
}

const notices = new Map();

/** Several can hold at a time; the latest is shown. */
function showNotice(text, kind) {
  notices.delete(kind);
  if (text !== '') notices.set(kind, text);
  const latest = [...notices.values()].at(-1) ?? '';
  setText(byId('notice'), latest);
  byId('notice').hidden = latest === '';
}
