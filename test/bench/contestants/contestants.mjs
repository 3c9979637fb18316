import { installPeers } from '../peers.mjs';
import { floors } from './floor.mjs';
import { ours } from './ours.mjs';

const PEERS = [
  async () => (await import('./dcb-es.mjs')).dcbEs(),
  async () => (await import('./emmett.mjs')).emmett(),
];

/** How the report calls them, in the order of its columns. */
export const NAMES = {
  ours: 'ours',
  service: 'ours, `FactstrStore`',
  floor: 'floor',
  factstr: 'FACTSTR (Rust)',
  'dcb-es': 'dcb-es',
  emmett: 'emmett',
};

/** Everybody who can take part here; `missing` says who cannot, and why. */
export async function allContestants(only) {
  const contestants = [...ours, ...floors];
  const missing = [];
  const wants = (id) => only === undefined || only.includes(id);
  if (wants('dcb-es') || wants('emmett')) {
    if (installPeers()) contestants.push(...(await peers()));
    else missing.push('dcb-es and emmett, which could not be installed');
  }
  if (wants('factstr')) {
    const { factstr, factstrEngine } = await import('./factstr.mjs');
    const engine = await factstrEngine();
    if (engine === undefined) missing.push('FACTSTR’s own engine: there is no `cargo` here');
    else contestants.push(...factstr(engine));
  }
  return { contestants: contestants.filter(({ id }) => wants(id)), missing };
}

/** For processes that open what the parent has opened already. */
export async function findContestant(id, engine) {
  const known = [...ours, ...floors];
  if (!known.some((one) => one.id === id)) known.push(...(await peers()));
  return known.find((one) => one.id === id && one.engine === engine);
}

async function peers() {
  return (await Promise.all(PEERS.map((load) => load()))).flat();
}
