import type { ProjectionStatus } from '../../projections/status.js';
import { problemsOf } from '../../projections/problems.js';
import { isProblem } from '../dashboard.service.js';
import type { DashboardService } from '../dashboard.service.js';
import type { Payloads } from '../payloads.js';
import { html, link } from './html.js';
import type { Html } from './html.js';
import { live } from './layout.js';
import type { View } from './layout.js';
import { plot } from './plot.js';
import { storesSection } from './stores.view.js';
import { count, moment, some, span } from './words.js';

/** All projections, those with a problem first, and the stores that they follow. */
export async function projectionsView(
  service: DashboardService,
  payloads: Payloads,
): Promise<View> {
  const stores = await storesSection(service);
  // Cursors beside a log that is away would be waited for.
  const statuses = await service.statuses(stores.there);
  const problems = statuses.filter(isProblem).length;
  const isWell = problems === 0 && stores.away.length === 0;
  return {
    title: 'Projections',
    entry: 'projections',
    body: live(
      'projections',
      html`<p class="summary ${isWell ? 'good' : 'bad'}">
          ${
            problems > 0
              ? `${some(problems, 'projection')} to look at`
              : statuses.length > 0 || isWell
                ? 'All projections are well'
                : 'No projection can be shown'
          }${stores.away.length > 0 && `; the log of ${stores.away.join(', ')} cannot be reached`}
        </p>
        ${
          statuses.length === 0
            ? stores.away.length === 0 && html`<p>No projection is registered.</p>`
            : html`<ul class="cards">
                ${statuses.map((status) => card(status, service, payloads))}
              </ul>`
        }
        ${stores.section}`,
    ),
  };
}

function card(status: ProjectionStatus, service: DashboardService, payloads: Payloads): Html {
  const { name, version, store } = status;
  const id = `${store}-${name}-${version}`;
  return html`<li class="card ${isProblem(status) && 'problem'}">
    <h2>
      <a id="to-${id}" href="${link({ view: 'projection', store, name, version })}"
        >${titleOf(status)}</a
      >
      ${badge(status)}
    </h2>
    ${why(status, payloads)}
    <dl class="facts-of">
      <div>
        <dt>Behind</dt>
        <dd>${status.lag === null ? 'not known' : some(status.lag, 'fact')}</dd>
      </div>
      <div>
        <dt>Oldest</dt>
        <dd>${span(status.lagTime)}</dd>
      </div>
      <div>
        <dt>Parked</dt>
        <dd>${count(status.parked)}</dd>
      </div>
      <div>
        <dt>Owner</dt>
        <dd>${ownerOf(status)}</dd>
      </div>
    </dl>
    <h3>Facts behind</h3>
    ${plot(`Facts behind of ${name}`, service.rates.behind(status), (value) => count(value))}
  </li>`;
}

export function titleOf({ name, version, store }: ProjectionStatus): string {
  return `${name}${version === 1 ? '' : `@${version}`}${store === 'default' ? '' : ` (${store})`}`;
}

const STATE_WORDS: Readonly<Record<string, string>> = { 'parked-some': 'parked facts' };

export function badge(status: ProjectionStatus): Html {
  const tone = isProblem(status) ? 'bad' : status.state === 'live' ? 'good' : 'busy';
  return html`<span class="badge ${tone}">${STATE_WORDS[status.state] ?? status.state}</span>`;
}

/** What is wrong, in a sentence or two. */
export function why(status: ProjectionStatus, payloads: Payloads): Html | null {
  const { state, reason, parked, parkedSince, lastError } = status;
  const parts = [
    problemsOf(status).includes('silent') &&
      'Facts wait, and no process that runs it shows signs of life.',
    parked > 0 &&
      `${some(parked, 'fact')} parked${parkedSince === null ? '' : ` since ${moment(parkedSince)}`}.`,
    isProblem(status) && state !== 'parked-some' && reason !== null && payloads.error(reason),
  ].filter((part) => typeof part === 'string');
  if (parts.length === 0 && (lastError === null || !isProblem(status))) return null;
  return html`<p class="why">${parts.join(' ')}</p>
    ${
      isProblem(status) &&
      lastError !== null &&
      html`<p class="error"><span class="label">Last error:</span> ${payloads.error(lastError)}</p>`
    }`;
}

export function ownerOf({ owner }: ProjectionStatus): string {
  if (owner === null) return 'none';
  const place = owner.self ? 'this process' : `${owner.host}, process ${owner.pid}`;
  return owner.alive ? place : `${place} (no sign of life)`;
}
