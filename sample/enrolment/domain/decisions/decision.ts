import type { NewFact } from 'nestjs-factstr';

/**
 * What a command leads to: a fact to append, or, for a repeated command, the sequence number of the fact that the
 * first one appended. Clients repeat a command when they got no answer.
 */
export type Decision = { readonly append: NewFact } | { readonly alreadyAt: bigint };
