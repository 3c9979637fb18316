import { randomUUID } from 'node:crypto';

// A bucket's keys are letters, digits and a few signs; a name is any text.

/** What the keys of names begin with. */
const NAMES = 'n.';

/** Of the value of a name. */
export function nameKey(name: string): string {
  return NAMES + part(name);
}

export function isNameKey(key: string): boolean {
  return key.startsWith(NAMES);
}

/** Of a part that belongs to a name's journal of interventions. */
export function journalKey(name: string, token: string): string {
  return `j.${part(name)}.${token}`;
}

/** Of a part that belongs to a name's parked facts. */
export function parkedKey(name: string, generation: string, token: string): string {
  return `p.${part(name)}.${generation}.${token}`;
}

/** A pattern: all of a generation. */
export function parkedKeys(name: string, generation: string): string {
  return parkedKey(name, generation, '>');
}

/** Names a part, or a write. */
export function newToken(): string {
  return randomUUID().slice(0, 13);
}

function part(name: string): string {
  return Buffer.from(name).toString('base64url');
}
