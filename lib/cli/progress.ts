import { duration } from '../support/duration.js';
import { number } from './format.js';
import type { Output } from './terminal.js';

/** A line on a terminal that tells how far a command has come. */
export interface Progress {
  /** `done` of the total so far; `message` stands behind it. */
  update(done: number, message?: string): void;
  /** Takes the line away; with a message that stays in its place. */
  end(message?: string): void;
}

export interface ProgressOptions {
  /** What is done, as in `Exporting`. */
  readonly title: string;
  /** What is counted, as in `facts`. */
  readonly unit: string;
  /** Where it is known: then a bar and the time left are shown. */
  readonly total?: number | undefined;
}

/** How often the line is written, in milliseconds. */
const INTERVAL_MS = 100;
const BAR_COLUMNS = 24;
const ERASE_LINE = '\r\u001B[2K';

/** Shows progress on a terminal; elsewhere nothing is written, so that no cursor codes get into files. */
export function showProgress(output: Output, options: ProgressOptions): Progress {
  return output.isTerminal ? new ProgressLine(output, options) : SILENT;
}

const SILENT: Progress = { update: () => undefined, end: () => undefined };

class ProgressLine implements Progress {
  readonly #output: Output;
  readonly #options: ProgressOptions;
  readonly #begun = performance.now();
  /** What was done already at the first update: resumed work does not count for the rate. */
  #first: number | undefined;
  #written = Number.NEGATIVE_INFINITY;

  constructor(output: Output, options: ProgressOptions) {
    this.#output = output;
    this.#options = options;
  }

  update(done: number, message = ''): void {
    this.#first ??= done;
    const now = performance.now();
    if (now - this.#written < INTERVAL_MS) return;
    this.#written = now;
    const line = progressText(this.#options, done, done - this.#first, now - this.#begun);
    const text = [line, message].filter(Boolean).join('  ');
    void this.#output.write(ERASE_LINE + text.slice(0, (this.#output.columns ?? 80) - 1));
  }

  end(message?: string): void {
    void this.#output.write(ERASE_LINE + (message === undefined ? '' : `${message}\n`));
  }
}

/**
 * The line: `Exporting  ██████  41 %  410,000 of 1,000,000 facts  52,000/s  12 s left`.
 *
 * @param made how much was done in `elapsed` milliseconds
 */
export function progressText(
  { title, unit, total }: ProgressOptions,
  done: number,
  made: number,
  elapsed: number,
): string {
  const rate = elapsed > 0 ? (made / elapsed) * 1_000 : 0;
  const speed = rate > 0 ? `${number(Math.round(rate))}/s` : '';
  if (total === undefined)
    return [title, `${number(done)} ${unit}`, speed].filter(Boolean).join('  ');
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const filled = Math.round(share * BAR_COLUMNS);
  const left = rate > 0 ? `${duration(((total - done) / rate) * 1_000)} left` : '';
  return [
    title,
    '█'.repeat(filled) + '░'.repeat(BAR_COLUMNS - filled),
    `${Math.floor(share * 100)} %`,
    `${number(done)} of ${number(total)} ${unit}`,
    speed,
    left,
  ]
    .filter(Boolean)
    .join('  ');
}
