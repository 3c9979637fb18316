import { next, send } from '../child-task.js';

export interface Command {
  readonly id: number;
  readonly call: string;
  readonly args: unknown[];
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Does what `Remote` asks for, several things at a time, until the process is ended. */
export async function serve(
  commands: Readonly<Record<string, (...args: never[]) => unknown>>,
): Promise<never> {
  for (;;) {
    const { id, call, args } = await next<Command>();
    void Promise.resolve()
      .then(() => commands[call]!(...(args as never[])))
      .then(
        (value) => send({ id, value } satisfies Answer),
        (error: Error) => send({ id, error: error.message } satisfies Answer),
      );
  }
}
