/** Where a command writes. */
export interface Output {
  /** Whether a person reads it: only then progress is shown. */
  readonly isTerminal: boolean;
  /** Columns of the terminal, where it is one. */
  readonly columns?: number | undefined;
  /** Resolves when the reader can take more. */
  write(text: string): Promise<void>;
}

/** What a command knows of the process that it runs in. */
export interface Terminal {
  /** Data, and nothing else. */
  readonly stdout: Output;
  /** Progress, warnings and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts with Ctrl-C. */
  readonly signal: AbortSignal;
}
