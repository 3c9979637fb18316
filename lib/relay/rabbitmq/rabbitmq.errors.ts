import { FactstrError } from '../../contract/errors.js';
import { describeError } from '../../support/describe-error.js';
import { TargetRefusedError, TargetUnavailableError } from '../relay.errors.js';
import type { RabbitMqSettings } from './rabbitmq.settings.js';

/** What no later attempt mends, by the code of AMQP: an operator has to. */
const REFUSED: Readonly<Record<number, (settings: RabbitMqSettings) => string>> = {
  403: () =>
    'the user, the password or a permission is wrong: the user needs "write" on what it sends to, and "configure" where the target shall create it',
  404: ({ queue }) =>
    `it is not there: create it, or say how the target shall, as in create: { type: '${queue === undefined ? 'topic' : 'quorum'}' }`,
  406: () => 'it is there with other properties than the option create names',
  530: () => 'the virtual host of the url is not there, or the user may not use it',
};

/** A failure as the relay tells it: which target, what happened, and the way out. */
export function explained(error: unknown, label: string, settings: RabbitMqSettings): FactstrError {
  if (error instanceof FactstrError) return error;
  const answer = describeError(error).replace(/\.$/, '');
  const way = REFUSED[codeOf(error) ?? 0];
  if (way !== undefined) {
    const text = `The ${label} refuses: ${way(settings)} (${answer}).`;
    return new TargetRefusedError(text, { cause: error });
  }
  return new TargetUnavailableError(`The ${label} is not available: ${answer}.`, { cause: error });
}

/** AMQP's code, of a channel or connection that the server closed; before a connection is open it is in the text only. */
function codeOf(error: unknown): number | undefined {
  const { code, message, errors } = Object(error) as Record<string, unknown>;
  // One for each node.
  if (Array.isArray(errors)) return codeOf(errors[0]);
  if (typeof code === 'number') return code;
  // The client leaves the code out where the server refuses to open the virtual host.
  if (String(message).startsWith('Expected ConnectionOpenOk; got <ConnectionClose')) return 530;
  const [, told] = /terminated by server: (\d{3})\b/.exec(String(message)) ?? [];
  return told === undefined ? undefined : Number(told);
}

/** The size that was too large, and the largest that the server takes, where that is why it closed the channel. */
export function tooLarge(error: unknown): { bytes: number; limit: number } | undefined {
  const found = /message size (\d+) is larger than (?:configured )?max size (\d+)/.exec(
    String((Object(error) as { message?: unknown }).message),
  );
  return found === null ? undefined : { bytes: Number(found[1]), limit: Number(found[2]) };
}
