import { reads } from '../measure/reads.mjs';

/** More than this is not held in memory at once. */
const MOST = 200_000;

export const read = {
  id: 'read',
  title: 'Read everything',
  metric: 'facts',
  about:
    'Facts per second, payloads parsed. The floor is `.all()` of better-sqlite3, which does not parse them, and a query of pg with its own types, which does. Paged: `FactstrStore.read`, 500 facts at a time.',

  async run(bench) {
    const size = bench.options.sizes.findLast((one) => one <= MOST);
    for (const engine of ['sqlite', 'postgres']) {
      const ids = ['ours', 'floor', 'dcb-es', 'factstr'];
      const all = await bench.keep(engine, { ids, size });
      await bench.measure(
        { workload: 'read', case: 'all at once' },
        all,
        ({ session }, milliseconds) =>
          session.timed === undefined
            ? reads(size, session.readAll, { milliseconds })
            : session.timed('read', { operations: 1 }),
      );
      const paging = await bench.keep(engine, { ids: ['service', 'floor'], size });
      await bench.measure(
        { workload: 'read', case: 'paged' },
        paging,
        ({ session }, milliseconds) =>
          reads(size, session.readPages ?? session.readAll, { milliseconds }),
      );
    }
  },
};
