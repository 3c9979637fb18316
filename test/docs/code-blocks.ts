import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface CodeBlock {
  /** As `docs/module.md:42`. */
  readonly place: string;
  readonly page: string;
  readonly code: string;
}

/** Every TypeScript block of the docs and of the pages beside the README. */
export function codeBlocks(): CodeBlock[] {
  const pages = [
    ...readdirSync(root),
    ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
  ];
  return pages.filter((page) => page.endsWith('.md')).flatMap(blocksOf);
}

function blocksOf(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(({ 1: code, index }) => ({
    place: `${page}:${text.slice(0, index).split('\n').length}`,
    page,
    code: code!,
  }));
}

/** Where the names come from that the blocks use and do not import. */
const IMPORTS: Readonly<Record<string, readonly string[]>> = {
  '@jest/globals': ['afterAll', 'afterEach', 'beforeEach', 'describe', 'expect', 'it', 'jest'],
  '@nestjs/common': [
    'Body',
    'ConflictException',
    'Controller',
    'Get',
    'Header',
    'Injectable',
    'Module',
    'Param',
    'Post',
  ],
  '@nestjs/swagger': ['ApiProperty'],
  '@nestjs/terminus': ['HealthCheck', 'HealthCheckService'],
  '@nestjs/testing': ['Test'],
  '@nestjs/typeorm': ['TypeOrmModule'],
  typeorm: ['EntityManager'],
  zod: ['z'],
  'nestjs-factstr/opentelemetry': ['FactstrOpenTelemetryModule'],
  'nestjs-factstr/prometheus': ['FactstrPrometheusModule'],
  'prom-client': ['register'],
  'nestjs-factstr/terminus': ['FactstrHealthIndicator', 'FactstrTerminusModule'],
  'nestjs-factstr/testing': [
    'createTestStore',
    'describeFactStore',
    'drained',
    'factMatchers',
    'settled',
    'specifyDecision',
    'specifyProjection',
  ],
  'nestjs-factstr': [
    'AppendOptions',
    'ApplyFact',
    'DurableProjection',
    'DurableStream',
    'EventQuery',
    'FactInput',
    'FactStore',
    'FactRecord',
    'FactsOf',
    'FactstrJsonInterceptor',
    'FactstrMemoryStore',
    'FactstrModule',
    'FactstrPostgresStore',
    'FactstrSqliteStore',
    'FactstrStore',
    'IdempotencyKey',
    'InjectFactstrStore',
    'NewEvent',
    'OnFacts',
    'ParseSequencePipe',
    'ProjectionContext',
    'ReactionContext',
    'StreamHandler',
    'decisionModel',
    'defineDecision',
    'defineFacts',
    'fact',
    'factQuery',
    'foreignFact',
    'facts',
    'model',
    'upcast',
  ],
};

/** What an application around the blocks has: its own values, and classes of packages that are not installed here. */
const DECLARED: Readonly<Record<string, string>> = {
  AppModule: 'class AppModule {}',
  ConfigModule: 'class ConfigModule {}',
  ConfigService: 'class ConfigService { getOrThrow(name: string): string }',
  NativeStore: "const NativeStore: new () => import('nestjs-factstr').FactStore",
  Stock: 'class Stock { sku: string; count: number }',
  app: "const app: import('@nestjs/common').INestApplication",
  assertSeatIsFree:
    "function assertSeatIsFree(facts: import('nestjs-factstr').EventRecord[]): void",
  CourseFull: 'class CourseFull extends Error {}',
  TooManyCourses: 'class TooManyCourses extends Error {}',
  cls: "const cls: import('node:async_hooks').AsyncLocalStorage<{ user?: string; request?: string; handler?: string }>",
  courseFacts:
    "const courseFacts: import('nestjs-factstr').DefinedFacts<{ readonly 'course-defined': import('zod').ZodObject<{ course_id: import('zod').ZodString; capacity: import('zod').ZodNumber }> }>",
  course_id: 'const course_id: string',
  coursesOf: "const coursesOf: (student_id: string) => import('nestjs-factstr').BoundModel<number>",
  enrol:
    "const enrol: import('nestjs-factstr').DecisionDefinition<{ course_id: string; student_id: string }>",
  command: 'const command: { id: string }',
  createMyStore: "function createMyStore(): import('nestjs-factstr').FactStore",
  dataSource: "const dataSource: import('typeorm').DataSource",
  events: "const events: import('nestjs-factstr').NewEvent[]",
  order: 'const order: { id: number }',
  order_id: 'const order_id: string',
  payload: 'const payload: object',
  project: 'function project(facts: object[]): Promise<void>',
  projections: "const projections: import('nestjs-factstr').FactstrProjections",
  push: 'function push(facts: object[]): void',
  query: "const query: import('nestjs-factstr').EventQuery",
  readModelUrl: 'const readModelUrl: string',
  repository: "const repository: import('typeorm').Repository<object>",
  seats:
    "const seats: (course_id: string) => import('nestjs-factstr').BoundModel<{ capacity: number; taken: number }>",
  serverUrl: 'const serverUrl: string',
  sku: 'const sku: string',
  store: "const store: import('nestjs-factstr').FactstrStore",
  student_id: 'const student_id: string',
  url: 'const url: string',
  version: 'const version: bigint | null',
  waitingList:
    "const waitingList: (course_id: string) => import('nestjs-factstr').BoundModel<string[]>",
};

/** Pages that mean something else by a name. The contract's store is a bare one. */
const OF_PAGE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'docs/contract.md': {
    facts: "const facts: import('nestjs-factstr').NewEvent[]",
    store: "const store: import('nestjs-factstr').FactstrMemoryStore",
  },
};

/** The block as a module that can be compiled: its names declared, and members of a class inside one. */
export function moduleOf({ code, page }: CodeBlock): string {
  const complete = code
    // What the reader is to fill in.
    .replace(/\) …/g, ') {}')
    .replaceAll('(…)', '()')
    // Blocks share one program: its facts are those of the test.
    .replace(/^declare module 'nestjs-factstr' \{\n.*FactsOf<.*\n\}\n/m, '');
  const paragraphs = complete.split(/\n\n(?=\S)/);
  const members = paragraphs.filter(isMember).map(withBody);
  const statements = paragraphs.filter((paragraph) => !isMember(paragraph));
  if (members.length > 0) statements.push(classOf(members));
  const body = statements.join('\n\n');
  return [...namesFor(body, OF_PAGE[page] ?? {}), body, 'export {};'].join('\n');
}

/** What classes around members have been given. */
const FIELDS: Readonly<Record<string, string>> = {
  mailer: '{ readonly isDown: boolean }',
  projections: "import('nestjs-factstr').FactstrProjections",
  store: "import('nestjs-factstr').FactstrStore",
};

function classOf(members: readonly string[]): string {
  const fields = Object.entries(FIELDS).map(([name, type]) => `declare readonly ${name}: ${type};`);
  return `class Members {\n${[...fields, ...members].join('\n')}\n}`;
}

/** A constructor, or what decorators stand before that is no class. */
function isMember(paragraph: string): boolean {
  if (paragraph.startsWith('constructor(')) return true;
  return paragraph.startsWith('@') && !/^(export )?class /m.test(paragraph);
}

/** Decorators alone are shown without their method. */
function withBody(member: string, index: number): string {
  const lines = member.trimEnd().split('\n');
  return lines.at(-1)!.startsWith('@') ? `${member}\nmethod${index}() {}` : member;
}

function* namesFor(body: string, own: Readonly<Record<string, string>>): Generator<string> {
  const uses = (name: string): boolean =>
    new RegExp(`(?<![.'\\w-])${name}\\b(?!\\w*':|: )`).test(body);
  const brings = (name: string): boolean =>
    new RegExp(
      `\\b(class|function|const) ${name}\\b|\\bimport [^;]*\\b${name}\\b|const \\{[^}]*\\b${name}\\b[^}]*\\} =`,
    ).test(body);
  const declared = { ...DECLARED, ...own };
  for (const [name, declaration] of Object.entries(declared)) {
    if (uses(name) && !brings(name)) yield `declare ${declaration};`;
  }
  for (const [from, names] of Object.entries(IMPORTS)) {
    const used = names.filter((name) => !(name in declared) && uses(name) && !brings(name));
    if (used.length > 0) yield `import { ${used.join(', ')} } from '${from}';`;
  }
}
