/** One thing in which a database is not what this version makes. */
export interface SchemaDifference {
  /**
   * `missing`: `migrate`, or the next start of an application, makes it. `different`: it stands in the place of ours,
   * and has to be mended by hand. `left over`: ours of another version, which does no harm.
   */
  readonly kind: 'missing' | 'different' | 'left over';
  /** As in `table nestjs_factstr_streams`, or `column command_hash of nestjs_factstr_appends`. */
  readonly object: string;
  /** What is the matter, and the way out. */
  readonly detail: string;
  /** What makes it, for what is missing. */
  readonly sql?: string;
}
