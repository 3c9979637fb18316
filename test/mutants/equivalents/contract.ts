import type { Equivalent } from './equivalent.js';

const JSON_VALUE = 'lib/contract/json-value.ts';
const VALIDATION = 'lib/contract/validation.ts';
const QUERY_TEXT = 'lib/matching/query-text.ts';
const DESCRIBE_ERROR = 'lib/support/describe-error.ts';

const UNSEEN =
  'Of a refusal for its size only that is told: the limit’s name stands in the message.';
const COUNTED = 'The bytes are counted in any case then, which is slower and says the same.';
const STORED_PART =
  "[filter['event_types'] ?? [], filter['payload_predicates'] ?? []].every(Array.isArray)";
const MARKED = '["Stryker was here"]';

export const contract: readonly Equivalent[] = [
  {
    file: JSON_VALUE,
    from: "if (key === '__proto__') {",
    to: 'if (true) {',
    reason: 'A member that is defined is the same as one that is assigned, which is faster.',
  },
  {
    file: VALIDATION,
    from: "throw new JsonRefusal('its text is too long', '$', true);",
    to: 'throw new JsonRefusal("", \'$\', true);',
    reason: UNSEEN,
  },
  {
    file: VALIDATION,
    from: "throw new JsonRefusal('its text is too long', '$', true);",
    to: 'throw new JsonRefusal(\'its text is too long\', "", true);',
    reason: UNSEEN,
  },
  {
    file: VALIDATION,
    from: 'if (text.length > maxBytes) return true;',
    to: 'if (false) return true;',
    reason: COUNTED,
  },
  {
    file: VALIDATION,
    from: 'return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;',
    to: 'return true && Buffer.byteLength(text) > maxBytes;',
    reason: COUNTED,
  },
  {
    file: VALIDATION,
    from: 'return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes;',
    to: 'return text.length * 3 >= maxBytes && Buffer.byteLength(text) > maxBytes;',
    reason: COUNTED,
  },
  {
    file: QUERY_TEXT,
    from: "const types = filter.event_types === null ? 'null' : JSON.stringify(filter.event_types);",
    to: "const types = false ? 'null' : JSON.stringify(filter.event_types);",
    reason: 'The JSON text of null is null.',
  },
  {
    file: QUERY_TEXT,
    from: 'if (storedText === queryText(query)) return true;',
    to: 'if (false) return true;',
    reason: 'The same text has the same meaning when it is read, which is slower.',
  },
  {
    file: QUERY_TEXT,
    from: '} catch { return undefined; }',
    to: '} catch {}',
    reason: 'What was not read is undefined, which is no query.',
  },
  {
    file: QUERY_TEXT,
    from: STORED_PART,
    to: STORED_PART.replace('[],', `${MARKED},`),
    reason: 'Any array stands for an absent part here: only its kind is looked at.',
  },
  {
    file: QUERY_TEXT,
    from: STORED_PART,
    to: STORED_PART.replace('[]]', `${MARKED}]`),
    reason: 'Any array stands for an absent part here: only its kind is looked at.',
  },
  {
    file: DESCRIBE_ERROR,
    from: 'return { value: (value as Record<string, unknown> | null | undefined)?.[key] };',
    to: 'return { value: (value as Record<string, unknown> | null | undefined)[key] };',
    reason: 'What null throws is caught, and memberOf says undefined of both.',
  },
  {
    file: DESCRIBE_ERROR,
    from: '} catch { return undefined; }',
    to: '} catch {}',
    reason: 'A function that ends without a value returns undefined.',
  },
  {
    file: DESCRIBE_ERROR,
    from: '} catch { return false; }',
    to: '} catch {}',
    reason: 'Its result is only asked whether it is true.',
  },
  {
    file: DESCRIBE_ERROR,
    from: 'return false;',
    to: 'return true;',
    reason: 'A Proxy that cannot be asked whether it is an array has no length that can be read.',
  },
];
