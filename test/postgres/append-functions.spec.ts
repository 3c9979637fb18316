import { describe, expect, it } from '@jest/globals';
import { appendFunctions } from '../../lib/stores/postgres/schema/append-function.js';

describe('The functions of a schema', () => {
  const { one, group } = appendFunctions('s');

  it('are called by what they do, and by their text', () => {
    expect(one.name).toMatch(/^nestjs_factstr_append_[0-9a-f]{12}$/);
    expect(group.name).toMatch(/^nestjs_factstr_append_group_[0-9a-f]{12}$/);
    expect(appendFunctions('s').one.name).toBe(one.name);
    expect(appendFunctions('t').one.name).not.toBe(one.name);
    expect(appendFunctions('t').group.name).not.toBe(group.name);
  });

  it('exclude those of every version, past and to come, by the schema’s own lock', () => {
    for (const { sql } of [one, group]) {
      expect(sql).toContain(
        `pg_advisory_xact_lock(hashtextextended('nestjs-factstr append s', 0))`,
      );
    }
  });

  it('are granted by the types of what goes in', () => {
    expect(one.arguments).toBe('text[], text[], oid, boolean, text');
    expect(group.arguments).toBe(
      'text[], text[], integer[], integer[], integer[], text[], text[], text[], boolean[], boolean[], bigint[], bigint[], ' +
        'bigint[], text[], integer[], text[], text[], text[], text[], bigint[], text[], oid, bigint, text, bigint, boolean, bigint, text',
    );
  });
});
