/** What the plugin tells the process that has the tests loaded. */
export type Order =
  | { readonly kind: 'load'; readonly files: readonly string[]; readonly mutant?: string }
  | { readonly kind: 'measure' }
  | { readonly kind: 'run'; readonly run: TestRun };

/** Runs tests in the order of `files`, up to the first failure. */
export interface TestRun {
  /** The active mutant; none in a control. */
  readonly mutant?: string;
  /** Ids of tests, by their files, and what each of them and of its hooks may take. In milliseconds. */
  readonly tests: readonly { readonly id: string; readonly limit: number }[];
  /** Of a mutated place: beyond it a loop is endless. */
  readonly hitLimit?: number;
}

export type Reply =
  | { readonly kind: 'loaded'; readonly broken: readonly Failure[] }
  | { readonly kind: 'measured'; readonly measured: Measured }
  | { readonly kind: 'ran'; readonly outcome: Outcome }
  /** A test begins: what runs is not hanging yet. */
  | { readonly kind: 'begun'; readonly test: string; readonly limit: number };

export interface Failure {
  /** A test's id, or a file. */
  readonly where: string;
  readonly message: string;
}

export interface MeasuredTest {
  readonly id: string;
  readonly name: string;
  /** From the checkout's root. */
  readonly file: string;
  readonly line: number;
  readonly milliseconds: number;
  readonly failure?: string;
}

export interface Measured {
  readonly tests: readonly MeasuredTest[];
  readonly coverage: {
    readonly static: Record<string, number>;
    readonly perTest: Record<string, Record<string, number>>;
  };
}

export interface Outcome {
  readonly ran: number;
  readonly failure?: Failure;
  /** An error outside any test's own promise: it may stem from an earlier run. */
  readonly stray: boolean;
  /** The failure is a time-out. */
  readonly timedOut: boolean;
  /** The mutated place was passed more often than the limit allows. */
  readonly endless: boolean;
}
