import { setTimeout as pause } from 'node:timers/promises';
import { facts } from '../facts.mjs';
import { percentile } from './statistics.mjs';

const now = () => Number(process.hrtime.bigint()) / 1e6;

/** Between two appends, in milliseconds: as they come to a store that is not busy, and in step with nobody. */
const PAUSE = { least: 5, most: 15 };

/**
 * Appends one fact at a time and waits for its delivery. `arrival(id)` resolves with the time of it, by the same
 * clock, which all processes of a machine share.
 *
 * Latencies are from the append's return, where the fact is known to be committed (0 where the handler was called
 * before), and from its call.
 */
export async function deliveries(entrant, arrival, milliseconds) {
  const fromReturn = [];
  const fromCall = [];
  const began = now();
  for (let end = began; end - began < milliseconds;) {
    const [fact] = facts(entrant.numbers(1), 1);
    const arrives = arrival(fact.payload.id);
    const called = now();
    await entrant.session.append([fact]);
    const returned = now();
    entrant.committed(1);
    const arrived = await arrives;
    fromReturn.push(Math.max(0, arrived - returned));
    fromCall.push(arrived - called);
    await pause(PAUSE.least + Math.random() * (PAUSE.most - PAUSE.least));
    end = now();
  }
  return {
    operations: fromCall.length,
    facts: fromCall.length,
    milliseconds: now() - began,
    ...percentiles(fromReturn),
    call: percentiles(fromCall),
  };
}

function percentiles(values) {
  values.sort((a, b) => a - b);
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99) };
}

/** Who waits for which fact. */
export class Arrivals {
  #waiting = new Map();

  /** Not before it is appended: nothing arrives that nobody waits for, but for facts of others. */
  wait(id) {
    return new Promise((resolve) => this.#waiting.set(id, resolve));
  }

  arrived(id, at = now()) {
    this.#waiting.get(id)?.(at);
    this.#waiting.delete(id);
  }
}
