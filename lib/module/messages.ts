import type { ProjectionStatus } from '../projections/status.js';

type Behind = Pick<ProjectionStatus, 'name' | 'version' | 'state' | 'position' | 'head'>;

type Laggard = Omit<ProjectionStatus, 'active'>;

type LateHandler = Pick<Laggard, 'handler' | 'store' | 'reason' | 'lastError'>;

/** A handler, and the module and token that provide it. */
interface Declared {
  readonly label: string;
  readonly place: string;
}

/** Every message of the module, in one place. */
export const messages = {
  duplicateStore: (name: string): string =>
    `Two FactstrModule registrations have the store name ${quote(name)}. Give one of them another name: forRoot({ …, name: 'audit' }).`,
  unknownStore: (label: string, name: string, known: readonly string[]): string =>
    `${label} asks for the store ${quote(name)}, which no FactstrModule registers (registered: ${known.map(quote).join(', ')}). ` +
    `Register it with FactstrModule.forRoot({ …, name: ${quote(name)} }) or correct the decorator.`,
  duplicateProjection: (
    name: string,
    store: string,
    ...declarations: readonly Declared[]
  ): string =>
    `The durable projection ${quote(name)} of store ${quote(store)} is declared by ${declarations.map(({ label }) => label).join(' and ')}. ` +
    'Give each its own name; a class that two modules need is provided in one and exported, and one that needs a second token gets it by useExisting ' +
    `(here: ${declarations.map(({ place }) => place).join('; ')}).`,
  liveTwice: (label: string): string =>
    `${label} is registered once for each module that provides its class: every batch is handled that often. Provide it in one module and export it.`,
  scoped: (label: string, kind: string): string =>
    `${label} handles facts, but its class is ${kind}: there is no request to make it for. Make the class a singleton, or move the method to one.`,
  enhanced: (label: string, enhancer: string): string =>
    `${label} handles facts and carries ${enhancer}, which are not applied to it. Remove them, or call the code from the handler.`,
  enhancedClass: (label: string, enhancer: string): string =>
    `${label} handles facts, and its class carries ${enhancer}, which are not applied to it. Remove them, call the code from the handler, or move the handler to a class of its own.`,
  bareModule:
    'FactstrModule is imported without forRoot, and no store is registered: nothing would be stored or delivered. Import FactstrModule.forRoot({ … }) or forRootAsync({ … }).',
  lazyModule:
    'FactstrModule was loaded lazily, and Nest calls no lifecycle hooks of modules that are: its handlers wait for FactstrProjections.start(), and its stores are not closed at shutdown. Import FactstrModule.forRoot() in a module that the application imports.',
  lateHandlers: (labels: readonly string[]): string =>
    `${labels.join(', ')} were loaded after the bootstrap (LazyModuleLoader) and get no facts. Call FactstrProjections.start() after loading their module.`,
  badLateHandlers: (problem: string): string =>
    `A module was loaded after the bootstrap whose handlers cannot run: ${problem}`,
  scopedOptions: (name: string, chain: readonly string[]): string =>
    `The options of the store ${quote(name)} depend on the request: ${chain.join(' → ')}. A store would be opened for each request and closed by none. ` +
    'Make the options of singletons only (ConfigService, for one), and read what is of the request where it is used; for a store for each tenant register several by name.',
  closedWhileStarting: (name: string): string =>
    `The store ${quote(name)} was closed while the application started. Close it, or the application, after the bootstrap.`,
  applicationClosed:
    'The application was shut down, or its bootstrap failed, and its stores are closed. Make a new application.',
  outsideFactory: (option: string): string =>
    `The option ${quote(option)} was returned by the factory; it stands outside: FactstrModule.forRootAsync({ ${option}: …, useFactory: … }).`,
  notAMethod: (key: string): string =>
    `@OnFacts and @DurableProjection decorate methods of instances with a name that is text; ${quote(key)} is none. Make it such a method.`,
  contractOnly: (verb: string, name: string): string =>
    `${verb} of projection ${quote(name)} needs a store that shows its log (LogSource); this custom store has the contract only.`,
  behind: ({ name, version, state, position, head }: Behind): string =>
    `Version ${version} of projection ${quote(name)} is not caught up: it is ${state} at ${position ?? 'no fact yet'} of ${head ?? 'an unknown head'}. Wait for it, or switch with { force: true }.`,
  notReached: (
    { name, state, position, reason }: Laggard,
    sequenceNumber: bigint,
    timeout: number,
  ): string =>
    `Projection ${quote(name)} has not reached fact ${sequenceNumber} after ${timeout} ms: it is ${state} at ${position}${reason === null ? '' : ` (${reason})`}.`,
  ended: (sequenceNumber: bigint): string =>
    `The application has ended: fact ${sequenceNumber} is not reached any more. Wait for it in an application that runs.`,
  laggard: (
    { name, version, store, handler, state, position, reason, lastError }: Laggard,
    target: bigint | null,
  ): string =>
    `projection ${quote(name)}${version === 1 ? '' : ` version ${version}`} of store ${quote(store)} (${handler}) is ${state} at ${position ?? 'no fact that can be read'} of ${target ?? 'a head that cannot be read'}` +
    (reason === null ? '' : `: ${reason}`) +
    (lastError === null || reason?.includes(lastError) === true
      ? ''
      : `; last error: ${lastError}`),
  lateHandler: (
    { handler, store, reason, lastError }: LateHandler,
    position: bigint | null,
    target: bigint | null,
  ): string =>
    `live handler ${handler} of store ${quote(store)} is at ${position ?? 'work'} of ${target ?? 'a head that cannot be read'}` +
    (reason === null ? '' : `: ${reason}`) +
    (lastError === null ? '' : `; last error: ${lastError}`),
  notAtHead: (late: readonly string[], timeout: number): string =>
    `Not at the head after ${timeout} ms:${late.map((line) => `\n- ${line}`).join('')}`,
  notSettled: (late: readonly string[], timeout: number): string =>
    `Not at rest after ${timeout} ms:${late.map((line) => `\n- ${line}`).join('')}`,
  stillAppending: (timeout: number): string =>
    `Not at rest after ${timeout} ms: every handler has caught up each time, and facts were appended meanwhile each time. Either something else appends, or handlers answer one another without an end.`,
  needsLog: (label: string, option: string, store: string): string =>
    `${label} uses the option ${option}, which needs a store that shows its log (LogSource); the custom store ${quote(store)} has the contract only. Leave the option out, or use another provider.`,
  notAClass: (key: string): string =>
    `@DurableProjection without a query decorates classes, whose methods carry @ApplyFact; ${quote(key)} is none. Give the method's decorator a query, or move the decorator to the class.`,
  notAnApplier: (key: string): string =>
    `@ApplyFact decorates methods of instances with a name that is text; ${quote(key)} is none. Make it such a method.`,
  appliesTypesOnly:
    "@ApplyFact takes facts by their types: @ApplyFact('type'), or @ApplyFact(billingFacts.facts('type')) for a store's own facts, without where(…). Leave out the others in the method.",
  applyOutside: (label: string, type: string): string =>
    `${label} carries @ApplyFact, but its class ${type} is no projection. Decorate the class with @DurableProjection({ name: '…' }), or the method with @OnFacts or @DurableProjection({ name: '…', query: … }).`,
  nothingApplied: (type: string): string =>
    `The class ${type} carries @DurableProjection, but none of its methods carries @ApplyFact('…'): the projection would get no facts. Decorate them, or give a method @DurableProjection({ name: '…', query: … }).`,
  applyWithoutType: (label: string): string =>
    `@ApplyFact of ${label} names no event type. Name at least one: @ApplyFact('…').`,
  appliedTwice: (type: string, fact: string, keys: readonly string[]): string =>
    `${type} applies ${quote(fact)} in ${keys.join(' and in ')}. Apply each event type in one method.`,
  bothForms: (label: string): string =>
    `${label} carries @ApplyFact and also @OnFacts or @DurableProjection. Keep one of them, and give the other a method of its own.`,
  badHandler: (label: string, problem: string): string =>
    `The decorator of ${label} cannot be followed: ${problem}`,
  staleCall: (handler: string, number: bigint): string =>
    `${handler} reacts to fact ${number} after its call is over (settled, past its deadline, or taken over). Nothing was written. Await what the method does before it returns, and heed context.signal.`,
  badKey: (handler: string, problem: string): string =>
    `The option key of a reaction of ${handler} ${problem}. Nothing was written.`,
  keyTwice: (handler: string): string =>
    `${handler} uses one key for two reactions to a fact. Nothing was written. Give each a key of its own, or none.`,
  badReactionOptions: (handler: string): string =>
    `The options of a reaction of ${handler} are an object such as { key: '…' }. Nothing was written.`,
  unknownReactionOption: (handler: string, option: string, known: readonly string[]): string =>
    `A reaction of ${handler} has the unknown option ${quote(option.slice(0, 60))}; known are ${known.join(', ')}. Nothing was written.`,
  noReactions: (handler: string): string =>
    `${handler} reacts to facts, which needs a store of this package: this custom store keeps no ids for ever. Append with FactstrStore.`,
  reactionsOfMethod: (label: string): string =>
    `${label} has the option reactions, which is for classes whose methods carry @ApplyFact: they take one fact at a time.`,
  noName: (label: string): string =>
    `The durable projection of ${label} has no name. Give it one: @DurableProjection({ name: '…', query: … }).`,
  notTransactional: (label: string): string =>
    `${label} is transactional, which needs an import: FactstrTypeOrmModule from 'nestjs-factstr/typeorm', beside TypeOrmModule.`,
  fake: (store: string, count: number): string =>
    `The store ${quote(store)} is overridden: its ${count} handler(s) are not registered.`,
  noOptions: (given: string): string =>
    `The options of FactstrModule are ${given}. Return an object from the factory, for example { provider: 'memory' }.`,
  unknownProvider: (given: string): string =>
    `The provider is ${given}; expected "memory", "sqlite", "postgres", "nats" or "custom".`,
  missingOption: (provider: string, option: string): string =>
    `Provider ${quote(provider)} needs the option ${option}, a text that is not empty.`,
  unknownOption: (provider: string, option: string, known: readonly string[]): string =>
    `Provider ${quote(provider)} has no option ${quote(option)}; it has ${known.join(', ')}. Correct it, or leave it out.`,
  badHandlers:
    'The option handlers is neither a boolean nor { live?: boolean, durable?: boolean }.',
  customWithout: (method: string): string =>
    `Provider "custom" needs a store with the contract’s methods (FactStore), or a function that returns one; ${method}() is missing.`,
  closedAgain: (name: string): string =>
    `The application was shut down, or its bootstrap failed elsewhere; the store ${quote(name)} was closed again.`,
  badAround:
    'The option around is no function. Give it one: (call, next) => Promise, which awaits next().',
  duplicateNest:
    '@nestjs/core is loaded twice: nestjs-factstr resolves another copy than the application. Remove the second one (npm ls @nestjs/core).',
  duplicatePackage: (copies: readonly string[]): string =>
    `nestjs-factstr is loaded ${copies.length} times (${copies.join(', ')}): a FactstrStore of one copy cannot be injected by the class of another. Keep one (npm ls nestjs-factstr).`,
  noShutdownHooks:
    'Nobody listens to SIGTERM: without app.enableShutdownHooks() handlers are cut off and stores are not closed when the process is told to end.',
  retrying: (message: string, attempt: number, attempts: number): string =>
    `${message} Attempt ${attempt} of ${attempts}.`,
  notClosed: (store: string, timeout: number): string =>
    `The store ${quote(store)} was not closed within ${timeout} ms (shutdownTimeout); it goes on closing.`,
  notDrained: (labels: readonly string[], timeout: number): string =>
    `Still in flight after ${timeout} ms (shutdownTimeout): ${labels.join(', ')}. Unfinished facts are delivered again at the next start.`,
};

function quote(text: string): string {
  return `"${text}"`;
}
