import { DatabaseUnavailableError, InvalidOptionsError } from '../../contract/errors.js';
import { describeError } from '../../support/describe-error.js';
import type { ResolvedNatsOptions } from '../options.js';

/**
 * Whether acknowledged appends survive a power cut of all servers: each replica has to write to its disk before it
 * acknowledges, which only its monitoring port tells. Where that is not known, the text that says so.
 *
 * @throws InvalidOptionsError where a server is known not to; DatabaseUnavailableError where one does not tell
 */
export async function checkDurability(options: ResolvedNatsOptions): Promise<string | undefined> {
  const { durability, monitorUrls, stream, requestTimeout } = options;
  if (durability === 'replicated') return undefined;
  if (monitorUrls.length === 0) {
    return `Whether the servers of the stream ${stream} write to their disks before they acknowledge is not known: without sync_interval: always a power cut of all of them may lose acknowledged appends. Name their monitoring addresses in monitorUrls, or say durability: 'replicated'.`;
  }
  const lazy: string[] = [];
  for (const url of monitorUrls) {
    if (!(await syncsAlways(url, requestTimeout))) lazy.push(url);
  }
  if (lazy.length === 0) return undefined;
  throw new InvalidOptionsError(
    `The NATS servers at ${lazy.join(', ')} acknowledge before they write to their disks: a power cut of all replicas may lose acknowledged appends. Set jetstream { sync_interval: always } on them, or say durability: 'replicated'.`,
  );
}

async function syncsAlways(url: string, timeout: number): Promise<boolean> {
  try {
    const answer = await fetch(new URL('/jsz?config=1', url), {
      signal: AbortSignal.timeout(timeout),
    });
    const { config } = (await answer.json()) as { config?: { sync_always?: boolean } };
    // A server that answers without it has it off.
    return config?.sync_always === true;
  } catch (cause) {
    throw new DatabaseUnavailableError(
      `The monitoring address ${url} of a NATS server does not tell how it syncs: ${describeError(cause)}. Mend monitorUrls, or say durability: 'replicated'.`,
      { cause },
    );
  }
}
