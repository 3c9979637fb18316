import type {
  AppendOptions,
  DurableStream,
  EventQuery,
  NewEvent,
  StreamHandler,
} from '../../../lib/contract/contract.types.js';
import {
  BAD_APPEND_IDS,
  BAD_EVENTS,
  BAD_HANDLERS,
  BAD_PAYLOADS,
  BAD_PREDICATES,
  BAD_QUERIES,
  BAD_STREAMS,
  BAD_VERSIONS,
} from '../../support/facts/refused.js';
import type { Refused as Bad } from '../../support/facts/refused.js';
import type { Face } from '../faces.js';
import type { System } from '../system.js';
import { Command, expectEqual } from './command.js';

const good: NewEvent[] = [{ event_type: 'a', payload: {} }];
const unhandled: StreamHandler = () => undefined;

interface Way {
  readonly method: string;
  readonly inputs: readonly Bad[];
  call(face: Face, input: never): unknown;
}

// Those beyond a limit of megabytes have tests of their own.
const smallPayloads = BAD_PAYLOADS.filter(([, , , code]) => code !== 'LIMIT_EXCEEDED');
const smallPredicates = BAD_PREDICATES.filter(([, , , code]) => code !== 'LIMIT_EXCEEDED');
const queries = [...BAD_QUERIES, ...smallPredicates];

const WAYS: readonly Way[] = [
  {
    method: 'append',
    inputs: [...BAD_EVENTS, ...smallPayloads],
    call: (face, events: NewEvent[]) => face.append(events),
  },
  {
    method: 'appendIf',
    inputs: [...BAD_EVENTS, ...smallPayloads],
    call: (face, events: NewEvent[]) => face.appendIf(events, {}, null),
  },
  {
    method: 'appendIf, query',
    inputs: queries,
    call: (face, query: EventQuery) => face.appendIf(good, query, null),
  },
  {
    method: 'appendIf, version',
    inputs: BAD_VERSIONS,
    call: (face, version: bigint) => face.appendIf(good, {}, version),
  },
  {
    method: 'append, appendId',
    inputs: BAD_APPEND_IDS,
    call: (face, appendId: string) => face.append(good, { appendId } satisfies AppendOptions),
  },
  { method: 'query', inputs: queries, call: (face, query: EventQuery) => face.query(query) },
  {
    method: 'query, min_sequence_number',
    inputs: BAD_VERSIONS,
    call: (face, min_sequence_number: bigint) => face.query({ min_sequence_number }),
  },
  {
    method: 'streamTo',
    inputs: queries,
    call: (face, query: EventQuery) => face.streamTo(query, unhandled),
  },
  {
    method: 'streamAll',
    inputs: BAD_HANDLERS,
    call: (face, handle: StreamHandler) => face.streamAll(handle),
  },
  {
    method: 'streamToDurable',
    inputs: queries,
    call: (face, query: EventQuery) => face.streamToDurable({ name: 'refused' }, query, unhandled),
  },
  {
    method: 'streamAllDurable',
    inputs: BAD_STREAMS,
    call: (face, stream: DurableStream) => face.streamAllDurable(stream, unhandled),
  },
];

export interface RefusedData {
  readonly store: 0 | 1;
  /** Which method and which input, as numbers from 0 to 1. */
  readonly way: number;
  readonly input: number;
}

/** A call with input that the contract refuses: it must change nothing. */
export class Refused extends Command {
  readonly data: { readonly store: 0 | 1; readonly method: string; readonly what: string };
  readonly #way: Way;
  readonly #bad: Bad;

  constructor({ store, way, input }: RefusedData, ids: boolean) {
    super();
    const ways = ids ? WAYS : WAYS.filter(({ inputs }) => inputs !== BAD_APPEND_IDS);
    this.#way = ways[Math.floor(way * ways.length)]!;
    this.#bad = this.#way.inputs[Math.floor(input * this.#way.inputs.length)]!;
    this.data = { store, method: this.#way.method, what: this.#bad[0] };
  }

  protected async act(system: System): Promise<void> {
    const { face } = await system.store(this.data.store);
    const [, input, , code] = this.#bad;
    system.call(
      this.toString(),
      () => this.#way.call(face, input as never),
      (ended) => expectEqual('code' in ended ? ended : 'an answer', { code }),
    );
  }
}
