import { Injectable } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { InvalidOptionsError } from '../../contract/errors.js';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import { ApplicationModules } from '../application-modules.js';
import type { InstanceWrapper } from '../application-modules.js';
import { classFormHandlers } from './class-form.js';
import type { ApplyMethod } from './class-form.js';
import { checkEnhancers } from './enhancer-checks.js';
import type { FactHandler } from './fact-handler.js';
import { holderOf, identityOf } from './handler-holder.js';
import type { Holder } from './handler-holder.js';
import { readAppliedTypes, readClassProjections, readHandlerMetadata } from './handler-metadata.js';
import type { HandlerMetadata } from './handler-metadata.js';
import { messages } from '../messages.js';

/** Finds what carries `@OnFacts`, `@DurableProjection` and `@ApplyFact`, in providers and controllers. */
@Injectable()
export class FactHandlersExplorer {
  readonly #modules: ApplicationModules;
  readonly #scanner = new MetadataScanner();

  constructor(modules: ApplicationModules) {
    worksBehindProxy(this);
    this.#modules = modules;
  }

  /** @throws InvalidOptionsError for a handler that could not work */
  explore(): FactHandler[] {
    // One instance may stand under several tokens; it is one holder.
    const seen = new Set<object>();
    const handlers: FactHandler[] = [];
    for (const module of this.#modules.all()) {
      const wrappers = [...module.providers.values(), ...module.controllers.values()];
      for (const wrapper of wrappers) {
        if (wrapper.isAlias) continue;
        const holder = holderOf(wrapper, module.name);
        if (holder === undefined) continue;
        const found = [...this.#handlersOf(wrapper, holder)];
        if (found.length === 0) continue;
        const identity = identityOf(holder.instance) ?? wrapper;
        if (seen.has(identity)) continue;
        seen.add(identity);
        handlers.push(...found.map((handler) => ({ ...handler, identity })));
      }
    }
    return handlers;
  }

  *#handlersOf(wrapper: InstanceWrapper, holder: Holder): Iterable<Omit<FactHandler, 'identity'>> {
    const { prototype, type, place } = holder;
    const name = className(prototype);
    const instance = holder.instance as Record<string, (...args: unknown[]) => unknown>;
    const applied: ApplyMethod[] = [];
    for (const key of this.#scanner.getAllMethodNames(prototype)) {
      const label = `${name}.${key}`;
      const types = readAppliedTypes(prototype, key);
      const declared = readHandlerMetadata(prototype, key);
      if (types === undefined && declared.length === 0) continue;
      checkScope(wrapper, label);
      checkEnhancers((prototype as Record<string, object>)[key]!, type, label);
      if (types !== undefined) applied.push({ key, types });
      for (const metadata of declared) {
        if (types !== undefined) throw new InvalidOptionsError(messages.bothForms(label));
        checkName(metadata, label);
        if (metadata.kind === 'durable' && metadata.options.reactions !== undefined) {
          throw new InvalidOptionsError(messages.reactionsOfMethod(label));
        }
        yield {
          metadata,
          label,
          place,
          holder: instance,
          // Looked up at each call, as for any method of the instance: a test's spy is called too.
          call: (facts, context, invoke) =>
            invoke(label, facts, context, () => instance[key]!(facts, context)),
        };
      }
    }
    const projections = readClassProjections(type, prototype.constructor);
    for (const handler of classFormHandlers(projections, name, applied, instance)) {
      checkScope(wrapper, name);
      checkName(handler.metadata, name);
      yield { ...handler, place };
    }
  }
}

function className(prototype: object): string {
  return prototype.constructor?.name || 'anonymous class';
}

function checkScope(wrapper: InstanceWrapper, label: string): void {
  if (wrapper.isTransient) throw new InvalidOptionsError(messages.scoped(label, 'transient'));
  if (!wrapper.isDependencyTreeStatic()) {
    throw new InvalidOptionsError(messages.scoped(label, 'request-scoped'));
  }
}

function checkName(metadata: HandlerMetadata, label: string): void {
  if (metadata.kind === 'durable' && !metadata.options.name) {
    throw new InvalidOptionsError(messages.noName(label));
  }
}
