import type { DashboardPayloads } from './dashboard.options.js';

/** What the page may tell of payloads, and of what was made of them. */
export class Payloads {
  readonly #shown: DashboardPayloads;

  constructor(shown: DashboardPayloads) {
    this.#shown = shown;
  }

  /** Whether error texts, metadata and states are told. */
  get areTold(): boolean {
    return this.#shown !== 'hidden';
  }

  /** Whether facts may be searched by what their payloads contain: a search tells what it finds. */
  get areSearchable(): boolean {
    return this.#shown === 'shown';
  }

  /** A payload, metadata or a state as text; `null` where it is hidden. */
  text(value: unknown): string | null {
    if (this.#shown === 'hidden') return null;
    return (
      JSON.stringify(this.#shown === 'shown' ? value : redacted(value), printable, 2) ?? 'undefined'
    );
  }

  /** Text that may quote a payload. */
  error(text: string | null): string | null {
    if (text === null || this.areTold) return text;
    return 'The text is hidden: it may quote payloads.';
  }
}

/** The names, and of each value its kind. */
function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, redacted(part)]));
  }
  return value === null ? null : `(${typeof value})`;
}

function printable(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
