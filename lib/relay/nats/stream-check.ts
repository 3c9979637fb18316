import type { StreamConfig } from '@nats-io/jetstream';
import { TargetRefusedError } from '../relay.errors.js';
import type { NatsTargetOptions } from './nats-target.options.js';

/** What a stream is made with, so that nothing leaves it. */
export function newStream(
  { stream, create }: NatsTargetOptions,
  nanos: (milliseconds: number) => number,
): Partial<StreamConfig> & { name: string } {
  const { subjects = [], replicas = 1, duplicateWindow } = create ?? {};
  return {
    name: stream,
    subjects: [...subjects],
    num_replicas: replicas,
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    deny_delete: true,
    deny_purge: true,
    allow_direct: true,
    ...(duplicateWindow === undefined ? {} : { duplicate_window: nanos(duplicateWindow) }),
  };
}

/**
 * Checks that a stream keeps every event, and that only the relay writes to it.
 *
 * @throws TargetRefusedError
 */
export function checkStream(config: StreamConfig, allowDiscard: boolean): void {
  const name = JSON.stringify(config.name);
  const wrong = unusable(config);
  if (wrong !== undefined) {
    throw new TargetRefusedError(
      `The stream ${name} cannot be a relay's target: ${wrong}. Give the relay a stream of its own, with retention "limits".`,
    );
  }
  const losses = lossesOf(config);
  if (allowDiscard || losses.length === 0) return;
  throw new TargetRefusedError(
    `The stream ${name} loses events: ${losses.join(', ')}. Change it (nats stream edit), or allow that: allowDiscard: true.`,
  );
}

function unusable(config: StreamConfig): string | undefined {
  const { retention, mirror, sources, sealed, no_ack: unacknowledged } = config;
  if (retention !== 'limits')
    return `its retention is "${retention}", so that what is consumed leaves it`;
  if (mirror !== undefined || (sources?.length ?? 0) > 0)
    return 'it takes messages from other streams';
  if (sealed) return 'it is sealed';
  return unacknowledged === true ? 'it acknowledges nothing (no_ack)' : undefined;
}

function lossesOf(config: StreamConfig): string[] {
  const isOld = config.discard !== 'new';
  const bounds: readonly [boolean, string][] = [
    [config.max_age > 0, 'by age (max_age)'],
    [isOld && config.max_msgs > 0, 'by number (max_msgs)'],
    [isOld && config.max_bytes > 0, 'by size (max_bytes)'],
    [
      config.max_msgs_per_subject > 0 && !(config.discard_new_per_subject && !isOld),
      'by number of a subject (max_msgs_per_subject)',
    ],
    [config.storage === 'memory', 'with its servers (storage "memory")'],
    [config.persist_mode === 'async', 'with its servers (persist_mode "async")'],
  ];
  return bounds.filter(([is]) => is).map(([, what]) => what);
}
