import { machineTime } from './machine-time.mjs';

/** Jest's own limit, by the clock on the wall, is so many times as long: beyond the slowest that the machine's time goes. */
const BEYOND = 11;
/** In milliseconds. */
const BETWEEN_LOOKS = 50;

const limited = new WeakSet();

/** Has a test or a hook of Jest's end at its time limit by the machine's time. */
export function limitByMachineTime(entry, state) {
  if (limited.has(entry) || entry.fn === undefined || entry.fn.length > 0) return;
  limited.add(entry);
  const { fn, timeout } = entry;
  const limit = () => timeout || state.testTimeout;
  entry.timeout = BEYOND * limit();
  entry.fn = function run() {
    const result = fn.call(this);
    return typeof result?.then === 'function' ? raced(result, limit()) : result;
  };
}

async function raced(result, limit) {
  const end = machineTime() + limit;
  const began = performance.now();
  let timer;
  const late = new Promise((_resolve, reject) => {
    timer = setInterval(() => {
      if (machineTime() < end) return;
      const took = Math.round(performance.now() - began);
      // A text: Jest adds the place of the test to it.
      reject(
        `Exceeded the time limit of ${limit} ms by the machine's time (${took} ms by the clock)`,
      );
    }, BETWEEN_LOOKS);
    // Suites count the timers that keep the process alive.
    timer.unref();
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearInterval(timer);
  }
}
