import type { LoggerService } from '@nestjs/common';

export interface LogLine {
  level: string;
  text: string;
  /** A stack or a context, as Nest's `Logger` passes them. */
  rest: unknown[];
}

/** Nest's logger as a list. */
export class RecordedLog implements LoggerService {
  readonly lines: LogLine[] = [];

  log = this.#recorder('log');
  error = this.#recorder('error');
  warn = this.#recorder('warn');
  debug = this.#recorder('debug');
  verbose = this.#recorder('verbose');
  fatal = this.#recorder('fatal');

  of(level: string): string[] {
    return this.lines.filter((line) => line.level === level).map(({ text }) => text);
  }

  #recorder(level: string): (message: unknown, ...rest: unknown[]) => void {
    return (message, ...rest) => {
      this.lines.push({ level, text: String(message), rest });
    };
  }
}
