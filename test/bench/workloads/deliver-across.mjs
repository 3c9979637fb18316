import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Arrivals, deliveries } from '../measure/deliveries.mjs';
import { LONGER } from './deliver.mjs';

const script = new URL('../processes/listener.mjs', import.meta.url);

export const deliverAcross = {
  id: 'deliver-across',
  title: 'Append to handler, other process',
  metric: 'latency',
  about:
    'Milliseconds from the append’s return to the handler’s call in another process, one fact at a time, some milliseconds apart; in brackets from the append’s call. FACTSTR’s streams do not see what other processes commit.',

  async run(bench) {
    const ids = ['ours', 'dcb-es', 'emmett'];
    for (const engine of ['sqlite', 'postgres']) {
      await bench.with(engine, { ids }, async (entrants) => {
        const able = entrants.filter(({ session }) => session.live);
        const listeners = new Map();
        try {
          for (const entrant of able) listeners.set(entrant, await Listener.start(entrant));
          const about = { workload: 'deliver-across', case: 'one fact, one handler' };
          const measured = (entrant, milliseconds) =>
            deliveries(entrant, (id) => listeners.get(entrant).arrivals.wait(id), milliseconds);
          await bench.measure(about, able, measured, { longer: LONGER });
        } finally {
          for (const listener of listeners.values()) await listener.end();
        }
      });
    }
  },
};

/** A process that follows a store, and tells when which fact arrived. */
class Listener {
  arrivals = new Arrivals();
  #child;

  static async start({ id, engine, place }) {
    const listener = new Listener();
    listener.#child = fork(script, [JSON.stringify({ id, engine, place })]);
    await once(listener.#child, 'message');
    listener.#child.on('message', ([fact, at]) => listener.arrivals.arrived(fact, at));
    return listener;
  }

  async end() {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
