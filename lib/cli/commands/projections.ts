import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { StoredProjection } from '../../operations/projections/stored-projections.js';
import type { ProjectionVerbs } from '../../operations/projections/projection-verbs.js';
import { duration } from '../../support/duration.js';
import { number, plain, table } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

interface Options extends DatabaseOptions {
  readonly readModel?: string;
  readonly json?: true;
  readonly by?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly force?: true;
  readonly to?: bigint;
  readonly expires?: number;
}

const NO_VIEW =
  'has no projections: those of a log on NATS keep their cursors beside its stream. Use FactstrProjections or the page of the application (nestjs-factstr/dashboard).';

type Act = (verbs: ProjectionVerbs, name: string, options: Options) => Promise<string>;

export function register(program: Command, io: CommandIo): void {
  const projections = program
    .command('projections')
    .description('lists projections, and says to them what an operator says');

  withReadModel(projections.command('list', { isDefault: true }))
    .description('shows where each projection stands, problems first')
    .option('--json', 'prints JSON, one line a projection')
    .action(async (_: unknown, command: Command) => list(command.optsWithGlobals<Options>(), io));

  const verb = (name: string, description: string, act: Act, argument = 'name'): Command =>
    withReadModel(projections.command(name))
      .argument(`<${argument}>`, 'as the list shows it: seats, or seats@2 for version 2')
      .description(description)
      .option('--by <who>', 'who says so; recorded', defaultBy())
      .action(async (cursor: string, __: unknown, command: Command) => {
        const options = command.optsWithGlobals<Options>();
        await io.print(await act(await verbsOf(options, io), cursor, options));
      });

  verb(
    'pause',
    'ends deliveries until resume, in every process and over restarts',
    async (to, name) =>
      (await to.say('pause', name)) ? `${name} is paused.` : `${name} was paused already.`,
  );
  verb('resume', 'lets a paused projection go on', async (to, name) =>
    (await to.say('resume', name)) ? `${name} goes on.` : `${name} was not paused.`,
  );
  verb('retry-parked', 'has the parked facts handled again, in order', async (to, name, options) =>
    retryParked(to, name, options, io),
  )
    .option('--no-wait', 'does not wait until they were')
    .option('--timeout <ms>', 'how long it is waited for', milliseconds, 60_000);
  verb('discard-parked', 'forgets the parked facts: they are never handled', async (to, name) =>
    (await to.say('discardParked', name))
      ? `The parked facts of ${name} are forgotten.`
      : `No facts of ${name} are parked.`,
  );
  verb('switch-to', 'has reads use a version: seats@2', async (to, name, { force }) =>
    (await to.switchTo(name, force === true))
      ? `Reads use ${name} from now on.`
      : `Reads use ${name} already.`,
  ).option('--force', 'also where the version has not caught up');
  const asked = (name: 'reset' | 'rebuild', description: string): Command =>
    verb(name, description, async (to, cursor, options) => ask(name, to, cursor, options, io))
      .option('--no-wait', 'does not wait until a process has carried it out')
      .option('--timeout <ms>', 'how long it is waited for', milliseconds, 60_000)
      .option('--expires <ms>', 'it is not begun later than that', milliseconds, 3_600_000);
  asked('reset', 'puts the cursor after a fact, and leaves the read model').requiredOption(
    '--to <number>',
    'the fact’s number; 0 is the beginning',
    sequenceNumber,
  );
  asked('rebuild', 'has the application clear the read model, and starts over');
}

async function ask(
  verb: 'reset' | 'rebuild',
  to: ProjectionVerbs,
  name: string,
  { wait, timeout = 60_000, expires = 3_600_000, to: position = 0n }: Options,
  io: CommandIo,
): Promise<string> {
  const request = await to.ask(verb, name, position, expires);
  const stands = `Request ${request.id} stands until ${request.expires}: a process that registers the projection carries it out.`;
  if (wait === false) return stands;
  await io.note(
    `Waiting for a process that registers the projection, with request ${request.id} …`,
  );
  const told = await to.answered(name, request, timeout, io.signal);
  if (told?.outcome === 'done') {
    return verb === 'rebuild' ? `${name} starts over.` : `${name} goes on after fact ${position}.`;
  }
  io.finding();
  if (told === undefined) return `No process came to it within ${duration(timeout)}. ${stands}`;
  return told.outcome === 'failed'
    ? `The ${verb} of ${name} failed, and was not done: ${plain(told.error ?? '')}`
    : `The ${verb} of ${name} was not done: no process came to it before ${request.expires}.`;
}

function withReadModel(command: Command): Command {
  return command.option(
    '--read-model <url|file>',
    'the database in which transactional projections keep their cursors',
  );
}

async function list(options: Options, io: CommandIo): Promise<void> {
  const found = (await read(options, io)).toSorted((a, b) => urgency(b) - urgency(a));
  if (options.json === true) {
    for (const projection of found) await io.printJson(projection);
    return;
  }
  if (found.length === 0) return io.print('There are no projections in this database.');
  const rows = found.map((one) => [
    plain(one.cursor),
    one.state + (one.active === true ? ', active' : ''),
    one.position === null ? '?' : number(one.position),
    one.lag === null ? '?' : number(one.lag),
    one.lagTime === null ? '?' : one.lagTime === 0 ? '-' : duration(one.lagTime),
    number(one.parked),
    one.owner === null ? '-' : plain(`${one.owner.host}:${one.owner.pid}`),
    plain(
      (one.reason ?? (one.place === 'unknown' ? 'in its read model: --read-model' : '')).slice(
        0,
        100,
      ),
    ),
  ]);
  const titles = ['projection', 'state', 'position', 'behind', 'for', 'parked', 'owner', 'reason'];
  await io.stdout.write(table([titles, ...rows], [2, 3, 4, 5]));
}

/** What an operator should see first. */
function urgency({ state, parked, lag, owner }: StoredProjection): number {
  if (state === 'stopped' || state === 'stuck') return 4;
  if (state === 'paused') return 3;
  if (parked > 0) return 2;
  return lag !== null && lag > 0n && owner?.alive !== true ? 1 : 0;
}

async function retryParked(
  to: ProjectionVerbs,
  name: string,
  { wait, timeout = 60_000 }: Options,
  io: CommandIo,
): Promise<string> {
  if (!(await to.say('retryParked', name))) return `No facts of ${name} are parked.`;
  if (wait === false) return `The parked facts of ${name} are handled again as soon as it runs.`;
  await io.note('Waiting for a process that runs the projection …');
  const left = await to.retried(name, timeout, io.signal);
  if (left === 0) return `The parked facts of ${name} were handled.`;
  io.finding();
  return left === undefined
    ? `No process has handled the parked facts of ${name} within ${duration(timeout)}. The word stands: they are handled when the application runs.`
    : `${number(left)} facts of ${name} are parked still: the handler failed again, see the list.`;
}

async function read(options: Options, io: CommandIo): Promise<StoredProjection[]> {
  const { storedProjections } = await import('../../operations/projections/stored-projections.js');
  const facts = await io.open(options, NO_VIEW);
  const readModel = options.readModel && (await io.open({ database: options.readModel }));
  return facts.snapshot((reader) =>
    readModel
      ? readModel.snapshot((beside) => storedProjections(reader, beside))
      : storedProjections(reader),
  );
}

async function verbsOf(options: Options, io: CommandIo): Promise<ProjectionVerbs> {
  const { ProjectionVerbs } = await import('../../operations/projections/projection-verbs.js');
  const projections = await read(options, io);
  const store = await io.openStore(options);
  const readModel =
    options.readModel === undefined ? undefined : await cursorsBeside(options.readModel, io);
  return new ProjectionVerbs(
    { facts: store.log.cursorStore, readModel },
    projections,
    options.by ?? defaultBy(),
  );
}

async function cursorsBeside(target: string, io: CommandIo) {
  const { openReadModelCursors } =
    await import('../../operations/projections/read-model-cursors.js');
  const opened = await openReadModelCursors(await io.open({ database: target }));
  io.later(() => opened.close());
  return opened.cursors;
}

function milliseconds(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('Give whole milliseconds.');
}

function sequenceNumber(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError('Give the number of a fact, or 0.');
}

function defaultBy(): string {
  try {
    return userInfo().username;
  } catch {
    return 'operator';
  }
}
