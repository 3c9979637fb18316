import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as errors from '../../lib/contract/errors.js';
import * as surface from '../../lib/index.js';
import * as relayErrors from '../../lib/relay/relay.errors.js';
import { FactstrError } from '../../lib/contract/errors.js';
import {
  BAD_APPEND_IDS,
  BAD_EVENTS,
  BAD_HANDLERS,
  BAD_PAYLOADS,
  BAD_PREDICATES,
  BAD_QUERIES,
  BAD_STREAMS,
  BAD_VERSIONS,
} from '../support/facts/refused.js';

type Concrete = new (message: string, ...rest: unknown[]) => FactstrError;

const classes = Object.entries(errors).filter(([name]) => name !== 'FactstrError') as [
  string,
  Concrete,
][];
/** Of an extra, which exports them itself. */
const ofExtras = Object.entries(relayErrors) as [string, Concrete][];
const codeOf = (error: Concrete): string => new error('message').code;

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

/** The tables of docs/errors.md: class, code and the two sentences. */
const documented = page
  .split('\n')
  .map((line) => /^\| `(\w+)` +\| `(\w+)` +\| (.+?) +\| (.+?) +\|$/.exec(line))
  .filter((row) => row !== null)
  .map(([, name, code, meaning, remedy]) => ({ name, code, meaning, remedy }));

describe('the errors', () => {
  it('each have a code of their own', () => {
    const codes = [...classes, ...ofExtras].map(([, error]) => codeOf(error));
    expect(new Set(codes).size).toBe(classes.length + ofExtras.length);
    for (const code of codes) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });

  it('stand in the documentation with their code, all of them, once', () => {
    expect(documented.map(({ name, code }) => `${name} ${code}`).sort()).toEqual(
      [...classes, ...ofExtras].map(([name, error]) => `${name} ${codeOf(error)}`).sort(),
    );
  });

  it('are documented with a meaning and a way out', () => {
    for (const { meaning, remedy } of documented) {
      expect(meaning).toMatch(/\.$/);
      expect(remedy).toMatch(/\.$/);
    }
  });

  it.each(classes)('%s is a FactstrError that says its name and keeps its cause', (name, error) => {
    const cause = new Error('driver');
    const instance =
      error === (errors.DecisionConflictError as unknown as Concrete)
        ? new error('message', 3, { cause })
        : new error('message', { cause });
    expect(instance).toBeInstanceOf(FactstrError);
    expect(instance).toBeInstanceOf(Error);
    expect(instance.name).toBe(name);
    expect(instance.message).toBe('message');
    expect(instance.cause).toBe(cause);
  });

  it('say whether the same call may succeed later, as the documentation does', () => {
    const transient = classes
      .filter(([, error]) => new error('message').transient)
      .map(([, error]) => codeOf(error));
    const told = /`error\.transient` is true where .*?: (.+?)\. /.exec(page)![1]!;
    expect(transient.sort()).toEqual(told.match(/\w+_\w+/g)!.sort());
    class Own extends FactstrError {
      override code = 'OWN';
    }
    expect(new Own('message').transient).toBe(false);
  });

  it('tell numbers and places where they have some', () => {
    const { CursorMovedError, DecisionConflictError, LogReplacedError } = errors;
    expect(new DecisionConflictError('message', 3).attempts).toBe(3);
    for (const [one, other] of [
      [7n, 3n],
      [0n, 2n ** 63n - 1n],
    ] as const) {
      expect(new LogReplacedError('message', { position: one, resumedAfter: other })).toMatchObject(
        {
          position: one,
          resumedAfter: other,
        },
      );
      expect(new CursorMovedError('message', { from: one, to: other })).toMatchObject({
        from: one,
        to: other,
      });
    }
    const { InvalidFactError, InvalidStoredFactError, UnregisteredTypeError } = errors;
    const where = { event_type: 'a', paths: ['$.b'] };
    expect(new InvalidFactError('message', where)).toMatchObject(where);
    expect(new InvalidFactError('message')).toMatchObject({ event_type: '', paths: [] });
    expect(new UnregisteredTypeError('message', { event_type: 'a' }).event_type).toBe('a');
    expect(new UnregisteredTypeError('message').event_type).toBe('');
    const stored = { ...where, sequence_number: 7n };
    expect(new InvalidStoredFactError('message', stored)).toMatchObject(stored);
    expect(new InvalidStoredFactError('message')).toMatchObject({
      sequence_number: 0n,
      event_type: '',
      paths: [],
    });
    expect(new LogReplacedError('message')).toMatchObject({ position: 0n, resumedAfter: 0n });
    expect(new CursorMovedError('message')).toMatchObject({ from: 0n, to: 0n });
  });

  it('are exported', () => {
    for (const [name, error] of classes) expect(surface).toHaveProperty(name, error);
  });

  it('for bad input are all met by the conformance suite', () => {
    const met = new Set(
      [
        BAD_APPEND_IDS,
        BAD_EVENTS,
        BAD_HANDLERS,
        BAD_PAYLOADS,
        BAD_PREDICATES,
        BAD_QUERIES,
        BAD_STREAMS,
        BAD_VERSIONS,
      ]
        .flat()
        .map(([, , , code]) => code),
    );
    // Those of the construction are the providers' own, and models are the service's.
    const construction = ['INVALID_DATABASE_NAME', 'INVALID_MODEL', 'INVALID_OPTIONS'];
    // Those of schemas are met by test/schemas.
    const schemas = ['INVALID_SCHEMA', 'INVALID_FACT', 'INVALID_STORED_FACT'];
    const elsewhere = [...construction, ...schemas];
    const input = documented
      .map(({ code }) => code!)
      .filter((code) => /^(EMPTY|INVALID|LIMIT)_/.test(code) && !elsewhere.includes(code));
    expect([...met].sort()).toEqual(input.sort());
  });
});
