import { ForbiddenException } from '@nestjs/common';
import { InvalidOptionsError } from '../contract/errors.js';
import type { FactstrProjections } from '../module/factstr-projections.js';
import { link } from './views/html.js';

/** What the page can do to a projection: each verb with what its button says. */
export const VERBS = {
  pause: 'Pause',
  resume: 'Resume',
  'retry-parked': 'Retry the parked facts',
  'discard-parked': 'Discard the parked facts',
  'switch-to': 'Have reads use this version',
  rebuild: 'Rebuild',
} as const;

export type Verb = keyof typeof VERBS;

/**
 * Does what a form asks for, and says where to go then. `by`: under which name; absent: it is not allowed.
 *
 * @throws ForbiddenException, and what the verb throws
 */
export async function carryOut(
  asked: URLSearchParams,
  projections: FactstrProjections,
  by: (() => string) | undefined,
): Promise<string> {
  if (by === undefined) {
    throw new ForbiddenException(
      'Actions are off here, or the request does not come from this page.',
    );
  }
  const [verb, name] = [asked.get('do'), asked.get('name') ?? ''];
  const store = asked.get('store') ?? 'default';
  const version = Number(asked.get('version') ?? 1);
  const options = { store, version, by: by() };
  switch (verb as Verb) {
    case 'pause':
      await projections.pause(name, options);
      break;
    case 'resume':
      await projections.resume(name, options);
      break;
    case 'retry-parked':
      await projections.retryParked(name, options);
      break;
    case 'discard-parked':
      await projections.discardParked(name, options);
      break;
    case 'switch-to':
      await projections.switchTo(name, version, { store, by: options.by });
      break;
    case 'rebuild':
      await projections.rebuild(name, options);
      break;
    default:
      throw new InvalidOptionsError(`The page knows no action ${JSON.stringify(verb)}.`);
  }
  return link({ view: 'projection', name, store, version, done: verb! });
}
