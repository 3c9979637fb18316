import type { AppendOptions, EventQuery, NewEvent } from '../../../lib/contract/contract.types.js';
import type { Ended, System } from '../system.js';
import { Command, expectEqual } from './command.js';

export interface AppendData {
  readonly store: 0 | 1;
  readonly events: NewEvent[];
  /** Named appends share a few ids, so that they are repeated, with the same facts and with others. */
  readonly id: string | null;
  /** Whether an id that was used is used with the facts that it was used with. */
  readonly sameFacts: boolean;
}

export interface AppendIfData extends AppendData {
  readonly query: EventQuery;
  readonly expects: 'the version' | 'none' | 'an older one' | 'a newer one';
}

/** Facts that ids were used with, by run. */
const named = new WeakMap<System, Map<string, NewEvent[]>>();

function eventsOf(system: System, { events, id, sameFacts }: AppendData): NewEvent[] {
  if (id === null) return events;
  let used = named.get(system);
  if (used === undefined) named.set(system, (used = new Map<string, NewEvent[]>()));
  const before = used.get(id);
  if (before !== undefined && sameFacts) return before;
  used.set(id, events);
  return events;
}

function optionsOf({ id }: AppendData): [] | [AppendOptions] {
  return id === null ? [] : [{ appendId: id }];
}

/** Tells the streams of an append that the model has made. */
function committed(system: System, owner: object): void {
  for (const stream of system.live) {
    if (stream.owner === owner) stream.own();
    else stream.foreign();
  }
}

function check<T>(system: System, ended: Ended<T>, wanted: T | string, length: number): void {
  const isError = typeof wanted === 'string';
  expectEqual(ended, isError ? { code: wanted } : { value: wanted });
  system.acknowledged = Math.max(system.acknowledged, length);
}

export class Append extends Command {
  constructor(readonly data: AppendData) {
    super();
  }

  protected async act(system: System): Promise<void> {
    const owner = await system.writer(this.data.store);
    const events = eventsOf(system, this.data);
    const wanted = system.log.append(events, this.data.id ?? undefined);
    const { length } = system.log;
    committed(system, owner);
    system.call(
      this.toString(),
      () => owner.face.append(events, ...optionsOf(this.data)),
      (ended) => check(system, ended, wanted, length),
    );
  }
}

export class AppendIf extends Command {
  constructor(readonly data: AppendIfData) {
    super();
  }

  protected async act(system: System): Promise<void> {
    const { data } = this;
    const owner = await system.writer(data.store);
    const events = eventsOf(system, data);
    const expected = expectedOf(system, data);
    const wanted = system.log.appendIf(events, data.query, expected, data.id ?? undefined);
    const { length } = system.log;
    committed(system, owner);
    system.call(
      this.toString(),
      () => owner.face.appendIf(events, data.query, expected, ...optionsOf(data)),
      (ended) => check(system, ended, wanted, length),
    );
  }
}

function expectedOf({ log }: System, { query, expects }: AppendIfData): bigint | null {
  const version = log.version(query);
  if (expects === 'none') return null;
  if (expects === 'the version') return version;
  return expects === 'a newer one' ? BigInt(log.length + 1) : log.version(query, log.length - 1);
}
