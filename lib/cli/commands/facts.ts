import { Option } from 'commander';
import type { Command } from 'commander';
import type { PreparedQuery } from '../../contract/validation.js';
import type { StoredFactText } from '../../operations/facts/read-facts.js';
import { collect, jsonOption, jsonValue, sequenceNumber, wholeNumber } from '../arguments.js';
import { plain } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

interface ContextOptions extends DatabaseOptions {
  readonly type?: string[];
  readonly where?: unknown[];
  readonly after?: bigint;
  readonly json?: true;
}

interface QueryOptions extends ContextOptions {
  readonly upTo?: bigint;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

interface TailOptions extends ContextOptions {
  readonly interval: number;
}

const DEFAULT_LIMIT = 100;
const DEFAULT_INTERVAL_MS = 250;

export function register(program: Command, io: CommandIo): void {
  const facts = program.command('facts').description('shows facts: a query, or what is appended');
  context(facts.command('query'))
    .description('prints facts that match, and the version that appendIf would compare')
    .addOption(
      new Option('--order <order>', 'oldest or newest first')
        .choices(['asc', 'desc'])
        .default('asc'),
    )
    .addOption(
      new Option('--limit <count>', 'facts, at most; 0 for the version alone, or all')
        .default(DEFAULT_LIMIT)
        .argParser((text) => (text === 'all' ? Infinity : wholeNumber(text))),
    )
    .option('--after <number>', 'only facts after this one', sequenceNumber)
    .option('--up-to <number>', 'only facts up to this one', sequenceNumber)
    .addOption(jsonOption())
    .addHelpText('after', QUERY_HELP)
    .action((_: unknown, command: Command) => query(command.optsWithGlobals(), io));
  context(facts.command('tail'))
    .description('prints facts as they are appended, by whatever process, until Ctrl-C')
    .option('--after <number>', 'first those after this one; it resumes a tail', sequenceNumber)
    .addOption(
      new Option('--interval <ms>', 'how often to look for new facts')
        .default(DEFAULT_INTERVAL_MS)
        .argParser(wholeNumber),
    )
    .addOption(jsonOption())
    .addHelpText('after', TAIL_HELP)
    .action((_: unknown, command: Command) => tail(command.optsWithGlobals(), io));
}

const QUERY_HELP = `
A fact matches when it has one of the types, and contains one of the predicates, as in a query of the store.

  nestjs-factstr facts query --type item-added --where '{"sku":"a"}' --order desc --limit 20`;

const TAIL_HELP = `
  nestjs-factstr facts tail --type item-added --json`;

function context(command: Command): Command {
  return command
    .option('--type <type>', 'of this type; may be given several times', collect(String))
    .option(
      '--where <json>',
      'whose payload contains this; may be given several times, and one is enough',
      collect(jsonValue),
    );
}

async function query(options: QueryOptions, io: CommandIo): Promise<void> {
  const { readFacts, readHead, readVersion } = await import('../../operations/facts/read-facts.js');
  const asked = await prepared(options);
  const database = await io.open(options);
  await database.snapshot(async (read) => {
    const head = await readHead(read);
    const { after = 0n, upTo = head, limit, order } = options;
    let count = 0;
    if (limit > 0) {
      for await (const fact of readFacts(read, asked, { after, upTo }, order === 'desc')) {
        await show(fact, options, io);
        if (++count >= limit) break;
      }
    }
    const version = await readVersion(read, asked, head);
    if (options.json) return io.printJson({ context_version: version, head, facts: count });
    return io.print(`context version ${version ?? 'none'}, head ${head}, facts shown ${count}`);
  });
}

async function tail(options: TailOptions, io: CommandIo): Promise<void> {
  const { followFacts } = await import('../../operations/facts/follow-facts.js');
  const asked = await prepared(options);
  const database = await io.open(options);
  let position: bigint | undefined;
  try {
    await followFacts(database, {
      query: asked,
      after: options.after,
      interval: Math.max(1, options.interval),
      signal: io.signal,
      onFact: (fact) => show(fact, options, io),
      onPosition: (reached) => (position = reached),
    });
  } finally {
    if (position !== undefined) {
      await io.note(`Resume with --after ${position}`);
    }
  }
}

/** @throws InvalidQueryError, LimitExceededError */
async function prepared({ type, where }: ContextOptions): Promise<PreparedQuery> {
  const [{ prepareQuery }, { DEFAULT_LIMITS }] = await Promise.all([
    import('../../contract/validation.js'),
    import('../../contract/limits.js'),
  ]);
  const filter = {
    ...(type === undefined ? {} : { event_types: type }),
    ...(where === undefined ? {} : { payload_predicates: where as object[] }),
  };
  const filters = type === undefined && where === undefined ? null : [filter];
  return prepareQuery({ filters }, DEFAULT_LIMITS);
}

/** The payload is printed as it is stored: parsing it would round its numbers. */
function show(
  { sequence_number, occurred_at, event_type, payload }: StoredFactText,
  { json }: ContextOptions,
  io: CommandIo,
): Promise<void> {
  if (json) {
    const members = [
      `"sequence_number":"${sequence_number}"`,
      `"occurred_at":${JSON.stringify(occurred_at)}`,
      `"event_type":${JSON.stringify(event_type)}`,
      `"payload":${payload}`,
    ];
    return io.print(`{${members.join(',')}}`);
  }
  return io.print(`${sequence_number}  ${occurred_at}  ${plain(event_type)}  ${plain(payload)}`);
}
