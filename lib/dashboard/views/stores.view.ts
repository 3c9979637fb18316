import type { DashboardService } from '../dashboard.service.js';
import { html } from './html.js';
import type { Html } from './html.js';
import { plot } from './plot.js';
import { count } from './words.js';

export interface StoresShown {
  readonly section: Html;
  /** Those whose log can be reached, and the others. */
  readonly there: readonly string[];
  readonly away: readonly string[];
}

/** Of each store its newest number, the pace of appends, and how much of it the context index covers. */
export async function storesSection(service: DashboardService): Promise<StoresShown> {
  const away = await Promise.all(service.stores.map((name) => service.away(name)));
  const cards = await Promise.all(
    service.stores.map((name, index) => card(name, away[index], service)),
  );
  const section = html`<section aria-labelledby="stores-title">
    <h2 id="stores-title">Stores</h2>
    <div class="cards">${cards}</div>
  </section>`;
  return {
    section,
    there: service.stores.filter((_, index) => away[index] === undefined),
    away: service.stores.filter((_, index) => away[index] !== undefined),
  };
}

async function card(
  name: string,
  away: string | undefined,
  service: DashboardService,
): Promise<Html> {
  const [head, index] = await Promise.all([service.store(name).head(), service.indexed(name)]);
  const rates = service.rates.appends(name);
  return html`<div class="card ${away !== undefined && 'problem'}">
    <h3>${name}</h3>
    ${
      away !== undefined &&
      html`<p>
        The log cannot be reached: ${away}. Nothing can be appended; what this process has of it is
        shown, and its projections when it is back.
      </p>`
    }
    <p><span class="big">${count(head)}</span> facts</p>
    <p class="plot-text">${service.placeOf(name)}</p>
    <h4>Appends per second</h4>
    ${plot(`Appends per second of ${name}`, rates, (value) => value.toFixed(1))}
    ${
      index !== undefined &&
      html`<p class="plot-text">
        Context index:
        ${
          index.indexed >= index.head
            ? 'complete'
            : `${count(index.indexed)} of ${count(index.head)} facts`
        }
      </p>`
    }
  </div>`;
}
