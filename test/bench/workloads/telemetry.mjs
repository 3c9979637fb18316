import { OBSERVED, applicationOn, hasTelemetry } from '../contestants/observed.mjs';
import { facts } from '../facts.mjs';

/** Small differences need many short rounds. */
const TIMES = 5;

export const telemetry = {
  id: 'telemetry',
  title: 'Telemetry',
  metric: 'facts',
  about:
    'Appends of one fact per second, one caller, through `FactstrStore` in an application: without telemetry, with `FactstrOpenTelemetryModule` and no SDK, and with the spans of an SDK, which are dropped instead of exported.',

  async run(bench) {
    if (!hasTelemetry) return;
    for (const engine of ['sqlite', 'postgres', 'memory']) {
      await bench.with(engine, { ids: ['ours'] }, async ([entrant]) => {
        if (entrant === undefined) return;
        const applications = [];
        try {
          const cases = [];
          for (const [name, modules] of Object.entries(OBSERVED)) {
            const application = await applicationOn(entrant.session.store, modules());
            applications.push(application);
            cases.push(caseOf(name, entrant, application.session));
          }
          const rounds = TIMES * bench.options.rounds;
          await bench.measureAll(cases, { rounds, longer: 1 / TIMES });
        } finally {
          for (const application of applications) await application.close();
        }
      });
    }
  },
};

export const [BARE_CASE, NO_SDK_CASE] = Object.keys(OBSERVED);

function caseOf(name, base, session) {
  const entrant = base.through({ id: 'service', engine: base.engine }, session);
  const run = (_, milliseconds) =>
    entrant.appends(() => session.append(facts(entrant.numbers(1), 1)), { milliseconds });
  return { about: { workload: 'telemetry', case: name }, entrant, run };
}
