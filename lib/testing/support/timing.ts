import { performance } from 'node:perf_hooks';
import { setTimeout as startTimer } from 'node:timers';
import type { Timing } from '../../support/async/until.js';

// Taken when the kit is imported: the fake timers of a test replace the global ones later.
const now = performance.now.bind(performance);

/** The machine's own clock and timers, whatever a test has put in the place of the global ones. */
export const OWN_TIMING: Timing = {
  now,
  pause: (milliseconds) =>
    new Promise((resolve) => {
      startTimer(resolve, milliseconds);
    }),
};
