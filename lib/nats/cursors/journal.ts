/** How many interventions a value names itself at the most, and how many it keeps when it has more. */
const MAX_RECENT = 64;
const KEPT_RECENT = 32;

/** Older interventions: a part that never changes. */
export interface JournalPage {
  /** The part with those before; `null` for the first. */
  readonly before: string | null;
  /** Oldest first. */
  readonly tokens: readonly string[];
}

/** What names a name's interventions, oldest first: the recent ones itself, the others in parts, each naming the one before. */
export class Journal {
  constructor(
    readonly recent: string[] = [],
    /** The newest part. */
    public page: string | null = null,
  ) {}

  /** Moves what is old into a part. `write` answers with the part's token. */
  async fold(write: (page: JournalPage) => Promise<string>): Promise<void> {
    if (this.recent.length <= MAX_RECENT) return;
    const tokens = this.recent.slice(0, -KEPT_RECENT);
    this.page = await write({ before: this.page, tokens });
    this.recent.splice(0, tokens.length);
  }

  /** All tokens, oldest first. */
  async all(read: (token: string) => Promise<JournalPage>): Promise<string[]> {
    const pages = [this.recent as readonly string[]];
    for (let token = this.page; token !== null;) {
      const { before, tokens } = await read(token);
      pages.unshift(tokens);
      token = before;
    }
    return pages.flat();
  }

  /** Whether it has a token of the last seconds. */
  async has(token: string, read: (token: string) => Promise<JournalPage>): Promise<boolean> {
    if (this.recent.includes(token)) return true;
    return this.page !== null && (await read(this.page)).tokens.includes(token);
  }
}
