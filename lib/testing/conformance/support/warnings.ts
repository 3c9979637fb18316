/** What `process.emitWarning` was given, until it is released. */
export interface CaughtWarnings extends Array<unknown> {
  release(): void;
}

/** Keeps warnings of the process from being printed, and collects them. */
export function catchWarnings(): CaughtWarnings {
  const before = Reflect.get<NodeJS.Process, 'emitWarning'>(process, 'emitWarning');
  const caught = Object.assign([] as unknown[], {
    release: () => {
      process.emitWarning = before;
    },
  });
  process.emitWarning = (warning: unknown) => void caught.push(warning);
  return caught;
}
