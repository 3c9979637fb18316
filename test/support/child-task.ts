/** What a script of `TestProcess` uses to talk to the test. Importing it keeps the process alive until `done`. */

const received: unknown[] = [];
let arrived: (() => void) | undefined;

process.on('message', (message) => {
  received.push(message);
  arrived?.();
});

/** The next message of the test; the first one is the process's argument. */
export async function next<T>(): Promise<T> {
  while (received.length === 0) {
    await new Promise<void>((resolve) => (arrived = resolve));
  }
  return received.shift() as T;
}

export function send(message: unknown): void {
  process.send!(message);
}

/** Ends the talk. The process then exits by itself, unless something else keeps it. */
export function done(): void {
  process.disconnect();
}
