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
import { storableFact, storableReport } from '../../cursors/cursor-texts.js';
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
import { storableText } from '../../support/storable-text.js';
import type { NatsLink } from '../connection/connection.js';
import { Bucket } from './bucket.js';
import { journalKey, newToken, parkedKey } from './keys.js';
import { noneParked } from './named-value.js';
import type { BucketOptions } from './open-bucket.js';
import { Names } from './names.js';
import type { InterventionDetail, Stream } from './names.js';
import type { Parts } from './parts.js';

type ParkedDetail = Omit<ParkedFact, 'sequence_number'>;

/**
 * Cursors, leases and parked facts in a JetStream bucket. What is small and changes together is one value of a name,
 * which is changed only where it still is what was read. What can grow has keys of its own, written before the value
 * names them: a crash between the two leaves a key that no value names. Such tokens also tell a change that was written
 * from one that was not, where its answer is lost and others have written since.
 *
 * Leases need no clocks: a contender sees by the renewals, on its own monotonic clock, whether the owner lives.
 */
export class NatsCursorStore implements CursorStore {
  readonly #names: Names;
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
    this.#names = new Names(new Bucket(link, options));
    this.#identity = identity;
  }

  async identity(): Promise<string> {
    return `nats:${await this.#identity()}`;
  }

  async open(name: string, queryText: string, start: bigint): Promise<StoredStream> {
    const there = await this.find(name);
    if (there !== undefined) return there;
    const opened = await this.#names.change(name, async (value) => {
      value.stream ??= newStream(queryText, start, noneParked());
      return storedStream(value.stream);
    });
    return opened!;
  }

  async find(name: string): Promise<StoredStream | undefined> {
    const { stream } = await this.#names.bucket.read(name);
    return stream === null ? undefined : storedStream(stream);
  }

  claim(name: string, seen: LeaseVersion, owner: LeaseOwner): Promise<bigint | undefined> {
    const mark = newToken();
    return this.#names.change(name, async (value) => {
      const { stream } = value;
      if (stream === null) return undefined;
      // Its answer was lost, and others wrote what moves no epoch.
      if (value.mark === mark && stream.epoch === seen.epoch + 1n) return stream.epoch;
      const epoch = claim(stream, seen, owner);
      if (epoch !== undefined) value.mark = mark;
      return epoch;
    });
  }

  renew(name: string, epoch: bigint): Promise<boolean> {
    const mark = newToken();
    return this.#names.fenced(name, epoch, (stream, value) => {
      // Its answer was lost.
      if (value.mark === mark) return;
      stream.renewals++;
      value.mark = mark;
    });
  }

  async release(name: string, epoch: bigint): Promise<void> {
    await this.#names.fenced(name, epoch, (stream) => {
      stream.owner = null;
    });
  }

  advance(name: string, epoch: bigint, fingerprint: Fingerprint): Promise<boolean> {
    return this.#names.fenced(name, epoch, (stream) => advance(stream, fingerprint));
  }

  report(name: string, epoch: bigint, report: StreamReport): Promise<boolean> {
    return this.#names.fenced(name, epoch, (stream) => {
      stream.report = storableReport(report);
    });
  }

  async changeQuery(name: string, epoch: bigint, change: QueryChange): Promise<boolean> {
    let isTried = false;
    const changed = await this.#names.change(name, async ({ stream }) => {
      if (stream?.epoch !== epoch) return undefined;
      const isDone = stream.query_text === change.queryText && stream.position === change.position;
      // An answer that was lost.
      if (isTried && isDone) return true;
      const isChanged = changeQuery(stream, change);
      isTried ||= isChanged;
      return isChanged ? true : undefined;
    });
    return changed === true;
  }

  async intervene(name: string, intervention: Intervention): Promise<void> {
    const { verb, by, position } = intervention;
    const token = await this.#names.recorded(name, verb, by, position);
    await this.#names.change(name, async (value, parts) => {
      if (await parts.isRecorded(value, token)) return true;
      if (value.stream !== null) intervened(value.stream, intervention, parts);
      value.journal.recent.push(token);
      return true;
    });
  }

  async ask(name: string, request: ProjectionRequest): Promise<void> {
    const { by, position } = request;
    const token = await this.#names.recorded(name, requestVerb(request), by, position);
    await this.#names.change(name, async (value, parts) => {
      if (await parts.isRecorded(value, token)) return true;
      if (value.stream !== null) endEpoch(value.stream);
      value.journal.recent.push(token);
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
      tokens.push(await this.#names.recorded(name, done, by, position));
    }
    tokens.push(await this.#names.recorded(name, storableText(verb), null));
    const answered = await this.#names.change(name, async (value, parts) => {
      if (await parts.isRecorded(value, tokens[0]!)) return true;
      if (value.stream?.epoch !== epoch) return undefined;
      if (intervention !== undefined) intervened(value.stream, intervention, parts);
      value.journal.recent.push(...tokens);
      return true;
    });
    return answered === true;
  }

  park(name: string, epoch: bigint, fact: ParkedFact, fingerprint: Fingerprint): Promise<boolean> {
    return this.#park(name, epoch, fact, (stream) => advance(stream, fingerprint));
  }

  parked(name: string): Promise<ParkedFact[]> {
    return this.#names.looked(name, async (value, parts) => {
      const { stream } = value;
      if (stream === null) return [];
      const entries = [...(await parts.all(stream))];
      const details = await this.#names.bucket.parts<ParkedDetail>(
        entries.map(([, { token }]) => parkedKey(name, stream.parked.generation, token)),
      );
      // One that was removed meanwhile: the value does not name it any more.
      if (details.includes(undefined)) return undefined;
      return entries.map(([sequence_number], index) => ({ sequence_number, ...details[index]! }));
    });
  }

  async unpark(name: string, epoch: bigint, sequenceNumber: bigint): Promise<boolean> {
    const written = await this.#names.change(name, async (value, parts) => {
      await parts.load(value, sequenceNumber);
      const { stream } = value;
      if (stream?.epoch !== epoch) return undefined;
      const { parked } = stream;
      const token = parked.get(sequenceNumber)?.token;
      if (token !== undefined) parts.suspectFact(parked.generation, sequenceNumber, token);
      unpark(stream, sequenceNumber);
      return true;
    });
    return written === true;
  }

  repark(name: string, epoch: bigint, fact: ParkedFact): Promise<boolean> {
    return this.#park(name, epoch, fact, (stream) => {
      stream.retryParked = false;
    });
  }

  async activeVersion(name: string): Promise<number | null> {
    return (await this.#names.bucket.read(name)).active;
  }

  async activate(name: string, version: number, by: string | null): Promise<void> {
    const token = await this.#names.recorded(name, `switchTo ${version}`, by);
    await this.#names.change(name, async (value, parts) => {
      if (await parts.isRecorded(value, token)) return true;
      value.active = version;
      value.journal.recent.push(token);
      return true;
    });
  }

  interventions(name: string): Promise<RecordedIntervention[]> {
    return this.#names.looked(name, async (value, parts) => {
      const tokens = await parts.interventions(value);
      const details = await this.#names.bucket.parts<InterventionDetail>(
        tokens.map((token) => journalKey(name, token)),
      );
      if (details.includes(undefined)) return undefined;
      return details.map((detail) => {
        const { position } = detail!;
        return { ...detail!, position: position === null ? null : BigInt(position) };
      });
    });
  }

  async #park(
    name: string,
    epoch: bigint,
    fact: ParkedFact,
    also: (stream: Stream) => void,
  ): Promise<boolean> {
    const { sequence_number, ...detail } = storableFact(fact);
    const token = newToken();
    const kept = new Set<string>();
    const written = await this.#names.change(name, async (value, parts) => {
      await parts.load(value, sequence_number);
      const { stream } = value;
      const before = stream?.parked.get(sequence_number)?.token;
      if (before === token) return true;
      if (stream?.epoch !== epoch) return undefined;
      const { generation } = stream.parked;
      if (!kept.has(generation)) {
        await this.#names.bucket.add(parkedKey(name, generation, token), detail);
        kept.add(generation);
        parts.suspectFact(generation, sequence_number, token);
      }
      if (before !== undefined) parts.suspectFact(generation, sequence_number, before);
      stream.parked.set(sequence_number, { token, at: detail.at });
      also(stream);
      return true;
    });
    return written === true;
  }
}

/** Does an intervention. */
function intervened(stream: Stream, intervention: Intervention, parts: Parts): void {
  const { generation } = stream.parked;
  intervene(stream, intervention);
  if (stream.parked.generation !== generation) parts.suspectGeneration(generation);
}
