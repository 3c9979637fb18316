import type { EventQuery, EventRecord } from '../../contract/contract.types.js';
import { InvalidOptionsError } from '../../contract/errors.js';
import type { DashboardService } from '../dashboard.service.js';
import type { Payloads } from '../payloads.js';
import { html, link } from './html.js';
import type { Html } from './html.js';
import type { View } from './layout.js';
import { count, moment } from './words.js';

/** What a search returns at most, and how long it may take, in milliseconds. */
const ROWS = 50;
export const PATIENCE = 5_000;

/** The facts of some types, and with a part of the payload: newest first, with the context's version. */
export async function factsView(
  asked: URLSearchParams,
  service: DashboardService,
  payloads: Payloads,
): Promise<View> {
  const store = asked.get('store') ?? 'default';
  const [types, where] = [asked.get('types') ?? '', asked.get('where') ?? ''];
  const upTo = numberOf(asked.get('before'));
  const { stores } = service;
  const known = await typesOf(service);
  const query = queryOf(types, payloads.areSearchable ? where : '');
  const page = { limit: ROWS, order: 'desc' as const, signal: AbortSignal.timeout(PATIENCE) };
  const { event_records, current_context_version } = await service
    .store(store)
    .query(query, upTo === undefined ? page : { ...page, upTo });
  const next = event_records.length === ROWS ? event_records.at(-1)!.sequence_number - 1n : 0n;
  return {
    title: 'Facts',
    entry: 'facts',
    body: html`<form class="search" method="get" role="search">
        <input type="hidden" name="view" value="facts" />
        ${
          stores.length > 1 &&
          html`<label
            >Store
            <select name="store">
              ${stores.map((name) => html`<option ${name === store && html`selected`}>${name}</option>`)}
            </select></label
          >`
        }
        <label
          >Types
          <input name="types" value="${types}" list="types" placeholder="all" autocomplete="off"
        /></label>
        <datalist id="types">
          ${known.map((type) => html`<option value="${type}"></option>`)}
        </datalist>
        ${
          payloads.areSearchable &&
          html`<label
            >Payload contains
            <input name="where" value="${where}" placeholder='{"id": "…"}' autocomplete="off"
          /></label>`
        }
        <button>Search</button>
      </form>
      <p class="context">
        Context version:
        <b id="version">${current_context_version === null ? 'none' : current_context_version}</b>
        <span class="hint">what <code>appendIf</code> compares for this search</span>
      </p>
      ${
        event_records.length === 0
          ? html`<p>No facts match.</p>`
          : html`<ul class="rows facts">
              ${event_records.map((fact) => factRow(fact, store, payloads))}
            </ul>`
      }
      ${next > 0n && html`<p><a id="older" href="${link({ view: 'facts', store, types, where, before: next })}">Older facts</a></p>`}`,
  };
}

/** A fact in a list. */
export function factRow(fact: EventRecord, store: string, payloads: Payloads): Html {
  const { sequence_number, event_type, occurred_at, payload } = fact;
  const text = payloads.text(payload);
  return html`<li data-number="${sequence_number}">
    <a href="${link({ view: 'fact', store, number: sequence_number })}"
      >${count(sequence_number)}</a
    >
    <b>${event_type}</b>
    <time class="when" datetime="${occurred_at}">${moment(occurred_at)}</time>${
      text !== null &&
      html` <code class="payload">${text.replaceAll(/\s+/g, ' ').slice(0, 160)}</code>`
    }
  </li>`;
}

/** A live list of facts: what is there already, and then what comes. */
export async function tailView(
  asked: URLSearchParams,
  service: DashboardService,
  payloads: Payloads,
): Promise<View> {
  const store = asked.get('store') ?? 'default';
  const { event_records } = await service
    .store(store)
    .query({ filters: null }, { limit: 20, order: 'desc' });
  const after = event_records[0]?.sequence_number ?? 0n;
  return {
    title: 'Live tail',
    entry: 'tail',
    body: html`<div class="actions">
        <button type="button" id="hold" aria-pressed="false" hidden>Hold</button>
      </div>
      <p id="tail-hint" class="hint">The newest facts, first.</p>
      <ul class="rows facts" id="tail" data-store="${store}" data-after="${after}">
        ${event_records.map((fact) => factRow(fact, store, payloads))}
      </ul>`,
  };
}

/** The types that projections ask for: what a search may begin with. */
async function typesOf(service: DashboardService): Promise<string[]> {
  const statuses = await service.projections.list();
  const types = statuses.flatMap(({ query }) =>
    (query.filters ?? []).flatMap(({ event_types }) => event_types ?? []),
  );
  return [...new Set(types)].toSorted();
}

function queryOf(types: string, where: string): EventQuery {
  const event_types = types.split(/[\s,]+/).filter((type) => type !== '');
  const filter = {
    ...(event_types.length > 0 && { event_types }),
    ...(where.trim() !== '' && { payload_predicates: [partOf(where)] }),
  };
  return Object.keys(filter).length === 0 ? { filters: null } : { filters: [filter] };
}

function partOf(where: string): unknown {
  try {
    return JSON.parse(where);
  } catch {
    throw new InvalidOptionsError(`What the payload contains is JSON such as {"order_id": "a"}.`);
  }
}

export function numberOf(text: string | null): bigint | undefined {
  return text !== null && /^\d{1,19}$/.test(text) ? BigInt(text) : undefined;
}
