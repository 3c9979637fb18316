import { randomUUID } from 'node:crypto';
import type {
  CursorStore,
  Fingerprint,
  Intervention,
  LeaseOwner,
  LeaseVersion,
  ParkedFact,
  ProjectionRequest,
  QueryChange,
  RecordedIntervention,
  StoredStream,
  StreamReport,
} from '../../cursors/cursor-store.js';
import { storableBy, storableFact, storableReport } from '../../cursors/cursor-texts.js';
import { requestVerb } from '../../cursors/requests.js';
import {
  advance,
  changeQuery,
  claim,
  endEpoch,
  intervene,
  newStream,
  storedStream,
  unpark,
} from '../../cursors/stream-state.js';
import type { StreamState } from '../../cursors/stream-state.js';
import { storableText } from '../../support/storable-text.js';
import { StorageError } from '../../contract/errors.js';
import type { NatsLink } from '../connection/connection.js';
import { Bucket } from './bucket.js';
import type { BucketOptions } from './bucket.js';
import type { ParkedEntry } from './named-value.js';

type ParkedDetail = Omit<ParkedFact, 'sequence_number'>;
type InterventionDetail = Omit<RecordedIntervention, 'position'> & {
  readonly position: string | null;
};

/** How often parked facts are looked at that others remove meanwhile. */
const MAX_LOOKS = 100;

/**
 * Cursors, leases and parked facts in a JetStream bucket. What is small and changes together is one value of a name,
 * which is changed only where it still is what was read. What can grow has keys of its own, written before the value
 * names them: a crash between the two leaves a key that no value names. Such tokens also tell a change that was written
 * from one that was not, where its answer is lost and others have written since.
 *
 * Leases need no clocks: a contender sees by the renewals, on its own monotonic clock, whether the owner lives.
 */
export class NatsCursorStore implements CursorStore {
  readonly #bucket: Bucket;
  readonly #identity: () => Promise<string>;

  /**
   * @param link resolves with the connection
   * @param identity tells the log from others
   */
  constructor(
    link: () => Promise<NatsLink>,
    identity: () => Promise<string>,
    options: BucketOptions,
  ) {
    this.#bucket = new Bucket(link, options);
    this.#identity = identity;
  }

  async identity(): Promise<string> {
    return `nats:${await this.#identity()}`;
  }

  async open(name: string, queryText: string, start: bigint): Promise<StoredStream> {
    const there = await this.find(name);
    if (there !== undefined) return there;
    const opened = await this.#bucket.change(name, (value) => {
      value.stream ??= newStream(queryText, start);
      return storedStream(value.stream);
    });
    return opened!;
  }

  async find(name: string): Promise<StoredStream | undefined> {
    const { stream } = await this.#bucket.read(name);
    return stream === null ? undefined : storedStream(stream);
  }

  claim(name: string, seen: LeaseVersion, owner: LeaseOwner): Promise<bigint | undefined> {
    return this.#bucket.change(name, ({ stream }) =>
      stream === null ? undefined : claim(stream, seen, owner),
    );
  }

  renew(name: string, epoch: bigint): Promise<boolean> {
    return this.#fenced(name, epoch, (stream) => {
      stream.renewals++;
    });
  }

  async release(name: string, epoch: bigint): Promise<void> {
    await this.#fenced(name, epoch, (stream) => {
      stream.owner = null;
    });
  }

  advance(name: string, epoch: bigint, fingerprint: Fingerprint): Promise<boolean> {
    return this.#fenced(name, epoch, (stream) => advance(stream, fingerprint));
  }

  report(name: string, epoch: bigint, report: StreamReport): Promise<boolean> {
    return this.#fenced(name, epoch, (stream) => {
      stream.report = storableReport(report);
    });
  }

  async changeQuery(name: string, epoch: bigint, change: QueryChange): Promise<boolean> {
    const changed = await this.#bucket.change(name, ({ stream }) =>
      stream?.epoch === epoch && changeQuery(stream, change) ? true : undefined,
    );
    return changed === true;
  }

  async intervene(name: string, intervention: Intervention): Promise<void> {
    const { verb, by, position } = intervention;
    const token = await this.#recorded(name, verb, by, position);
    let removed: readonly string[] = [];
    await this.#bucket.change(name, (value) => {
      if (value.interventions.includes(token)) return true;
      removed = value.stream === null ? [] : intervened(value.stream, intervention);
      value.interventions.push(token);
      return true;
    });
    await this.#bucket.remove(name, removed);
  }

  async ask(name: string, request: ProjectionRequest): Promise<void> {
    const { by, position } = request;
    const token = await this.#recorded(name, requestVerb(request), by, position);
    await this.#bucket.change(name, ({ stream, interventions }) => {
      if (interventions.includes(token)) return true;
      if (stream !== null) endEpoch(stream);
      interventions.push(token);
      return true;
    });
  }

  async answer(
    name: string,
    epoch: bigint,
    verb: string,
    intervention?: Intervention,
  ): Promise<boolean> {
    const tokens: string[] = [];
    if (intervention !== undefined) {
      const { verb: done, by, position } = intervention;
      tokens.push(await this.#recorded(name, done, by, position));
    }
    tokens.push(await this.#recorded(name, storableText(verb), null));
    let removed: readonly string[] = [];
    const answered = await this.#bucket.change(name, ({ stream, interventions }) => {
      if (interventions.includes(tokens[0]!)) return true;
      if (stream?.epoch !== epoch) return undefined;
      removed = intervention === undefined ? [] : intervened(stream, intervention);
      interventions.push(...tokens);
      return true;
    });
    await this.#bucket.remove(name, removed);
    return answered === true;
  }

  async park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    fingerprint: Fingerprint,
  ): Promise<boolean> {
    return this.#park(name, epoch, fact, (stream) => advance(stream, fingerprint));
  }

  async parked(name: string): Promise<ParkedFact[]> {
    for (let attempt = 1; ; attempt++) {
      const { stream } = await this.#bucket.read(name);
      const entries = [...(stream?.parked ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      const details = await this.#bucket.details<ParkedDetail>(
        name,
        entries.map(([, { token }]) => token),
      );
      // One that was removed meanwhile: the value does not name it any more.
      if (details.includes(undefined)) {
        if (attempt < MAX_LOOKS) continue;
        throw new StorageError(
          `The bucket of cursors lacks what it says of parked facts of ${JSON.stringify(name)}.`,
        );
      }
      return entries.map(([sequence_number], index) => ({ sequence_number, ...details[index]! }));
    }
  }

  async unpark(name: string, epoch: bigint, sequenceNumber: bigint): Promise<boolean> {
    let removed: string | undefined;
    const isWritten = await this.#fenced(name, epoch, (stream) => {
      removed = stream.parked.get(sequenceNumber)?.token;
      unpark(stream, sequenceNumber);
    });
    if (isWritten && removed !== undefined) await this.#bucket.remove(name, [removed]);
    return isWritten;
  }

  repark(name: string, epoch: bigint, fact: ParkedFact): Promise<boolean> {
    return this.#park(name, epoch, fact, (stream) => {
      stream.retryParked = false;
    });
  }

  async activeVersion(name: string): Promise<number | null> {
    return (await this.#bucket.read(name)).active;
  }

  async activate(name: string, version: number, by: string | null): Promise<void> {
    const token = await this.#recorded(name, `switchTo ${version}`, by);
    await this.#bucket.change(name, (value) => {
      if (value.interventions.includes(token)) return true;
      value.active = version;
      value.interventions.push(token);
      return true;
    });
  }

  async interventions(name: string): Promise<RecordedIntervention[]> {
    const { interventions } = await this.#bucket.read(name);
    const details = await this.#bucket.details<InterventionDetail>(name, interventions);
    return details.flatMap((detail) => {
      if (detail === undefined) return [];
      const { position } = detail;
      return [{ ...detail, position: position === null ? null : BigInt(position) }];
    });
  }

  async #park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    also: (stream: StreamState<ParkedEntry>) => void,
  ): Promise<boolean> {
    const { sequence_number, ...detail } = storableFact(fact);
    const token = newToken();
    await this.#bucket.add(name, token, detail);
    let removed: string | undefined;
    const written = await this.#bucket.change(name, ({ stream }) => {
      const before = stream?.parked.get(sequence_number)?.token;
      if (before === token) return true;
      if (stream?.epoch !== epoch) return undefined;
      removed = before;
      stream.parked.set(sequence_number, { token, at: detail.at });
      also(stream);
      return true;
    });
    if (removed !== undefined) await this.#bucket.remove(name, [removed]);
    return written === true;
  }

  /** Keeps an intervention under a key of its own, which no value names yet. */
  async #recorded(
    name: string,
    verb: string,
    by: string | null,
    position?: bigint,
  ): Promise<string> {
    const token = newToken();
    const detail: InterventionDetail = {
      verb,
      by: storableBy(by),
      position: position?.toString() ?? null,
      at: new Date().toISOString(),
    };
    await this.#bucket.add(name, token, detail);
    return token;
  }

  async #fenced(
    name: string,
    epoch: bigint,
    write: (stream: StreamState<ParkedEntry>) => void,
  ): Promise<boolean> {
    const written = await this.#bucket.change(name, ({ stream }) => {
      if (stream?.epoch !== epoch) return undefined;
      write(stream);
      return true;
    });
    return written === true;
  }
}

/** Does an intervention; returns what names the parked facts that it discarded. */
function intervened(
  stream: StreamState<ParkedEntry>,
  intervention: Intervention,
): readonly string[] {
  const before = [...stream.parked.values()];
  intervene(stream, intervention);
  return stream.parked.size > 0 ? [] : before.map(({ token }) => token);
}

function newToken(): string {
  return randomUUID().slice(0, 13);
}
