import type { EventRecord } from '../../contract/contract.types.js';
import type { Invoke } from './handler-call.js';
import type { HandlerMetadata } from './handler-metadata.js';

/** What a method that takes one fact gets for it besides; `end`: its call is over. */
export interface Reaction {
  readonly members: object;
  end(): void;
}

/** Gives a method that takes one fact what it reacts by. */
export type React = (fact: EventRecord, handler: string, signal: AbortSignal) => Reaction;

/** A decorated method, or class, of an instance of the application. */
export interface FactHandler {
  readonly metadata: HandlerMetadata;
  /** `Class.method`, or `Class` in the class form, for messages. */
  readonly label: string;
  /** The module and token that provide it, for messages. */
  readonly place: string;
  /** The instance. */
  readonly holder: object;
  /** One object for each instance, also behind Proxies of it. */
  readonly identity: object;
  /** Each call of a method goes through `invoke`. */
  call<C extends { readonly signal: AbortSignal }>(
    facts: EventRecord[],
    context: C,
    invoke: Invoke<C>,
    react?: React,
  ): Promise<unknown>;
}
