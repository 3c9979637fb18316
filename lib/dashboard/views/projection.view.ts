import type { ParkedFact, RecordedIntervention } from '../../cursors/cursor-store.js';
import type { ProjectionStatus } from '../../projections/status.js';
import type { CheckedOptions } from '../dashboard.options.js';
import type { DashboardService } from '../dashboard.service.js';
import type { Payloads } from '../payloads.js';
import { VERBS } from '../verbs.js';
import type { Verb } from '../verbs.js';
import { html, link } from './html.js';
import type { Html } from './html.js';
import { live } from './layout.js';
import type { View } from './layout.js';
import { plot } from './plot.js';
import { badge, ownerOf, titleOf, why } from './projections.view.js';
import { count, moment, some, span } from './words.js';

/** What a page of the list holds at most. */
const ROWS = 100;

/** Verbs that lose something, or take long, are asked for twice. */
const GRAVE: readonly Verb[] = ['discard-parked', 'rebuild'];

/** One version of a projection: how it fares, what is parked, what was done to it and what can be. */
export async function projectionView(
  asked: URLSearchParams,
  service: DashboardService,
  options: CheckedOptions,
  payloads: Payloads,
): Promise<View> {
  const name = asked.get('name') ?? '';
  const selector = {
    store: asked.get('store') ?? 'default',
    version: Number(asked.get('version') ?? 1),
  };
  const { projections } = service;
  const [status, parked, interventions] = await Promise.all([
    projections.status(name, selector),
    projections.parked(name, selector),
    projections.interventions(name, selector),
  ]);
  const done = asked.get('done');
  return {
    title: titleOf(status),
    entry: 'projections',
    notice:
      done !== null && Object.hasOwn(VERBS, done)
        ? `Done: ${VERBS[done as Verb].toLowerCase()}.`
        : undefined,
    body: live('projection', [
      html`<p>
        ${badge(status)} of the handler <code>${status.handler}</code>, version
        ${status.version}${status.active ? ', which reads use' : ''}
      </p>`,
      why(status, payloads),
      progress(status, service),
      buttons(status, options),
      parkedList(status, parked, payloads),
      figures(status, payloads),
      plots(status, service),
      journal(interventions, payloads),
    ]),
  };
}

function progress(status: ProjectionStatus, service: DashboardService): Html | null {
  const { position, head, lag } = status;
  if (
    status.state !== 'replaying' ||
    position === null ||
    head === null ||
    head === 0n ||
    lag === 0n
  )
    return null;
  const left = service.rates.timeLeft(status);
  const percent = Number((position * 100n) / head);
  return html`<p>
    <label for="replay">Replayed</label>
    <progress id="replay" max="100" value="${percent}">${percent} %</progress> ${percent}
    %${left === null ? '' : `, about ${span(left)} left`}
  </p>`;
}

function buttons(status: ProjectionStatus, options: CheckedOptions): Html | null {
  if (!options.actions) return html`<p class="hint">Actions are off on this page.</p>`;
  const { name, store, version, parked, active, state } = status;
  const possible: Verb[] = [
    state === 'paused' ? 'resume' : 'pause',
    ...(parked > 0 ? (['retry-parked', 'discard-parked'] as const) : []),
    ...(active ? [] : (['switch-to'] as const)),
    'rebuild',
  ];
  return html`<div class="actions">
    ${possible.map((verb) => {
      const form = html`<form method="post" action="${link({ do: verb, name, store, version })}">
        <button id="do-${verb}" class="${GRAVE.includes(verb) && 'grave'}">
          ${GRAVE.includes(verb) ? `Yes: ${VERBS[verb].toLowerCase()}` : VERBS[verb]}
        </button>
      </form>`;
      return GRAVE.includes(verb)
        ? html`<details id="ask-${verb}">
            <summary id="to-${verb}">${VERBS[verb]}…</summary>
            ${form}
          </details>`
        : form;
    })}
  </div>`;
}

function parkedList(
  status: ProjectionStatus,
  parked: readonly ParkedFact[],
  payloads: Payloads,
): Html | null {
  if (parked.length === 0) return null;
  const { store } = status;
  return html`<section aria-labelledby="parked-title">
    <h2 id="parked-title">Parked facts</h2>
    <ul class="rows">
      ${parked.slice(0, ROWS).map(
        ({ sequence_number, error, attempts, at }) =>
          html`<li>
            <a
              id="parked-${sequence_number}"
              href="${link({ view: 'fact', store, number: sequence_number })}"
              >Fact ${count(sequence_number)}</a
            >, parked <time datetime="${at}">${moment(at)}</time> after ${some(attempts, 'attempt')}
            <p class="error">${payloads.error(error)}</p>
          </li>`,
      )}
    </ul>
    ${parked.length > ROWS && html`<p>${some(parked.length - ROWS, 'fact')} more</p>`}
  </section>`;
}

function figures(status: ProjectionStatus, payloads: Payloads): Html {
  const { policy, position, head, lag, lagTime, attempts, lastError, query } = status;
  const batch =
    policy.batch === null ? 'one batch' : `up to ${some(policy.batch.maxFacts, 'fact')}`;
  // A query may hold parts of payloads.
  const shownQuery = payloads.text(query);
  return html`<section aria-labelledby="figures-title">
    <h2 id="figures-title">Figures</h2>
    <dl class="facts-of wide">
      <div>
        <dt>Position</dt>
        <dd>${count(position)} of ${count(head)}</dd>
      </div>
      <div>
        <dt>Behind</dt>
        <dd>${lag === null ? 'not known' : some(lag, 'fact')}, the oldest for ${span(lagTime)}</dd>
      </div>
      <div>
        <dt>Owner</dt>
        <dd>${ownerOf(status)}</dd>
      </div>
      <div>
        <dt>Failed attempts</dt>
        <dd>${count(attempts)} of ${count(policy.maxAttempts)}</dd>
      </div>
      <div>
        <dt>After that</dt>
        <dd>${policy.onFailure === 'park' ? 'the fact is parked' : 'the projection pauses'}</dd>
      </div>
      <div>
        <dt>A call</dt>
        <dd>
          ${batch}, at most
          ${span(policy.timeout)}${policy.transactional ? ', in one transaction with the position' : ''}
        </dd>
      </div>
      <div>
        <dt>Last error</dt>
        <dd>${lastError === null ? 'none' : payloads.error(lastError)}</dd>
      </div>
    </dl>
    ${
      shownQuery !== null &&
      html`<details id="query">
        <summary id="to-query">The facts that it gets</summary>
        <pre tabindex="0">${shownQuery}</pre>
      </details>`
    }
  </section>`;
}

function plots(status: ProjectionStatus, service: DashboardService): Html {
  return html`<section aria-labelledby="plots-title">
    <h2 id="plots-title">The last hour</h2>
    <div class="cards">
      <div class="card">
        <h3>Facts behind</h3>
        ${plot('Facts behind', service.rates.behind(status), (value) => count(value))}
      </div>
      <div class="card">
        <h3>Age of the oldest</h3>
        ${plot('Age of the oldest fact behind', service.rates.age(status), span)}
      </div>
    </div>
  </section>`;
}

/** The newest interventions, first. */
export function journal(interventions: readonly RecordedIntervention[], payloads: Payloads): Html {
  const newest = interventions.slice(-ROWS).toReversed();
  return html`<section aria-labelledby="journal-title">
    <h2 id="journal-title">Interventions</h2>
    ${
      newest.length === 0
        ? html`<p>None so far.</p>`
        : html`<ul class="rows">
            ${newest.map(
              ({ verb, by, position, at }) =>
                html`<li>
                  <b>${toldOf(verb, payloads)}</b
                  >${position !== null && ` to ${count(position)}`}${by !== null && `, by ${by}`}
                  <time class="when" datetime="${at}">${moment(at)}</time>
                </li>`,
            )}
          </ul>`
    }
  </section>`;
}

/** A verb as it is recorded. Why a request from outside failed may quote payloads: it is left out where they are hidden. */
function toldOf(verb: string, payloads: Payloads): string {
  return payloads.areTold ? verb : verb.replace(/^((?:done|failed|expired) \S+): .*$/s, '$1');
}
