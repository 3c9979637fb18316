import { setImmediate as nextTurn } from 'node:timers/promises';
import type { System } from '../system.js';
import { Command } from './command.js';

/** Lets the event loop turn, so that what was called goes on. */
export class Turn extends Command {
  constructor(readonly data: { readonly turns: number }) {
    super();
  }

  protected async act(): Promise<void> {
    for (let turn = 0; turn < this.data.turns; turn++) await nextTurn();
  }
}

/** Lets held handlers go on. */
export class Release extends Command {
  readonly data = '';

  protected async act(system: System): Promise<void> {
    system.release();
  }
}

/** Awaits all calls. */
export class Settle extends Command {
  readonly data = '';

  protected async act(system: System): Promise<void> {
    await system.settle();
  }
}

/** Awaits that every stream was given everything. */
export class Quiesce extends Command {
  readonly data = '';

  protected async act(system: System): Promise<void> {
    await system.quiesce();
  }
}

/** Closes a store object and opens the database again. */
export class Reopen extends Command {
  constructor(readonly data: { readonly store: 0 | 1 }) {
    super();
  }

  protected async act(system: System): Promise<void> {
    await system.reopen(this.data.store);
  }
}
