import { parseArgs } from 'node:util';

export const USAGE = `npm run bench -- [options]

  --quick             smaller stores, fewer and shorter rounds: within three minutes
  --only <workload>   only this one; several with commas
  --contestants <ids> only these, with commas: ours, service, floor, factstr, dcb-es, emmett
  --facts <n>         the largest store
  --rounds <n>        interleaved rounds of each case
  --out <folder>      where benchmarks.md and benchmarks.svg go. Without it docs/ after a whole
                      run, and nowhere after one with other options.

FACTSTR_DIST names another build’s index.js, to compare two.`;

const STEPS = [1_000, 10_000, 100_000, 1_000_000];

/** @throws for options that there are not */
export function readOptions(args, workloads) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      contestants: { type: 'string' },
      facts: { type: 'string' },
      rounds: { type: 'string' },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const { quick } = values;
  const only = values.only?.split(',');
  const unknown = only?.find((id) => !workloads.some((workload) => workload.id === id));
  if (unknown !== undefined) {
    const ids = workloads.map(({ id }) => id).join(', ');
    throw new Error(`There is no workload ${unknown}; there are ${ids}.`);
  }
  const facts = number('facts', values.facts, quick ? 100_000 : 1_000_000);
  const whole = [only, values.contestants, values.facts, values.rounds].every(
    (value) => value === undefined,
  );
  return {
    help: values.help,
    quick,
    only,
    contestants: values.contestants?.split(','),
    sizes: [...STEPS.filter((step) => step < facts), facts],
    rounds: number('rounds', values.rounds, quick ? 3 : 7),
    /** Of one round of one contestant. */
    milliseconds: quick ? 100 : 300,
    out: values.out ?? (whole && !quick ? 'docs' : undefined),
  };
}

function number(name, text, preset) {
  if (text === undefined) return preset;
  const value = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(`--${name} is ${text}; expected a positive whole number.`);
}
