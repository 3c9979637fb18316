import { Inject, Injectable } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import type { ModulesContainer } from '@nestjs/core';
import type { EventRecord } from '../contract/contract.types.js';
import { InvalidOptionsError } from '../contract/errors.js';
import { APPLICATION_MODULES } from './application-modules.js';
import { classFormHandlers } from './class-form.js';
import type { ApplyMethod } from './class-form.js';
import type { Invoke } from './handler-call.js';
import { readAppliedTypes, readHandlerMetadata } from './handler-metadata.js';
import type { HandlerMetadata } from './handler-metadata.js';
import { messages } from './messages.js';

type InstanceWrapper = Module['providers'] extends Map<unknown, infer W> ? W : never;

type Module = ModulesContainer extends Map<unknown, infer M> ? M : never;

/** A decorated method, or class, of an instance of the application. */
export interface FactHandler {
  readonly metadata: HandlerMetadata;
  /** `Class.method`, or `Class` in the class form, for messages. */
  readonly label: string;
  /** The instance. */
  readonly holder: object;
  /** Each call of a method goes through `invoke`. */
  call<C extends { readonly signal: AbortSignal }>(
    facts: EventRecord[],
    context: C,
    invoke: Invoke<C>,
  ): Promise<unknown>;
}

/** What Nest would apply to a route, and cannot apply here. */
const ENHANCERS: Readonly<Record<string, string>> = {
  __guards__: 'guards',
  __interceptors__: 'interceptors',
  __pipes__: 'pipes',
  __exceptionFilters__: 'exception filters',
};

/** Finds what carries `@OnFacts`, `@DurableProjection` and `@ApplyFact`, in providers and controllers. */
@Injectable()
export class FactHandlersExplorer {
  readonly #modules: ModulesContainer;
  readonly #scanner = new MetadataScanner();

  constructor(@Inject(APPLICATION_MODULES) modules: ModulesContainer) {
    this.#modules = modules;
  }

  /** @throws InvalidOptionsError for a handler that could not work */
  explore(): FactHandler[] {
    // One instance may stand under several tokens; it is one holder.
    const seen = new Set<object>();
    const handlers: FactHandler[] = [];
    for (const module of this.#modules.values()) {
      for (const wrapper of [...module.providers.values(), ...module.controllers.values()]) {
        if (wrapper.isAlias) continue;
        const holder = holderOf(wrapper);
        if (holder === undefined || seen.has(holder.identity)) continue;
        seen.add(holder.identity);
        handlers.push(...this.#handlersOf(wrapper, holder));
      }
    }
    return handlers;
  }

  *#handlersOf(wrapper: InstanceWrapper, { prototype }: Holder): Iterable<FactHandler> {
    const type = className(prototype);
    const instance = wrapper.instance as Record<string, (...args: unknown[]) => unknown>;
    const applied: ApplyMethod[] = [];
    for (const key of this.#scanner.getAllMethodNames(prototype)) {
      const method = (prototype as Record<string, unknown>)[key] as object;
      const label = `${type}.${key}`;
      const types = readAppliedTypes(method);
      const declared = readHandlerMetadata(method);
      if (types === undefined && declared.length === 0) continue;
      checkHolder(wrapper, label);
      checkMethod(method, label);
      if (types !== undefined) applied.push({ key, types });
      for (const metadata of declared) {
        if (types !== undefined) throw new InvalidOptionsError(messages.bothForms(label));
        checkName(metadata, label);
        yield {
          metadata,
          label,
          holder: instance,
          // Looked up at each call, as for any method of the instance: a test's spy is called too.
          call: (facts, context, invoke) =>
            invoke(label, facts, context, () => instance[key]!(facts, context)),
        };
      }
    }
    for (const handler of classFormHandlers(prototype.constructor, type, applied, instance)) {
      checkHolder(wrapper, type);
      checkName(handler.metadata, type);
      yield handler;
    }
  }
}

interface Holder {
  /** Where the methods are. */
  readonly prototype: object;
  /** The instance where there is one, else the class. */
  readonly identity: object;
}

function holderOf(wrapper: InstanceWrapper): Holder | undefined {
  const { metatype } = wrapper;
  const instance: unknown = wrapper.instance;
  if (!wrapper.isNotMetatype && typeof metatype === 'function') {
    // A scoped class has no instance yet; its decorators are found all the same, to be refused.
    const prototype = metatype.prototype as object | undefined;
    const single = typeof instance === 'object' && instance !== null && !wrapper.isTransient;
    return prototype && { prototype, identity: single ? instance : wrapper };
  }
  if (typeof instance !== 'object' || instance === null) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  return prototype === null || prototype === Object.prototype
    ? undefined
    : { prototype, identity: instance };
}

function className(prototype: object): string {
  return prototype.constructor?.name || 'anonymous class';
}

function checkHolder(wrapper: InstanceWrapper, label: string): void {
  if (wrapper.isTransient) throw new InvalidOptionsError(messages.scoped(label, 'transient'));
  if (!wrapper.isDependencyTreeStatic()) {
    throw new InvalidOptionsError(messages.scoped(label, 'request-scoped'));
  }
}

function checkMethod(method: object, label: string): void {
  for (const [key, enhancer] of Object.entries(ENHANCERS)) {
    if (Reflect.hasMetadata(key, method)) {
      throw new InvalidOptionsError(messages.enhanced(label, enhancer));
    }
  }
}

function checkName(metadata: HandlerMetadata, label: string): void {
  if (metadata.kind === 'durable' && !metadata.options.name) {
    throw new InvalidOptionsError(messages.noName(label));
  }
}
