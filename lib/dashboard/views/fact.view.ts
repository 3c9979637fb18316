import { NotFoundException } from '@nestjs/common';
import type { EventRecord } from '../../contract/contract.types.js';
import type { TracedEffect } from '../../service/metadata/trace.js';
import type { DashboardService } from '../dashboard.service.js';
import type { Payloads } from '../payloads.js';
import { factRow, numberOf } from './facts.view.js';
import { html } from './html.js';
import type { Html } from './html.js';
import type { View } from './layout.js';
import { count } from './words.js';

const MOST_TRACED = 100;
/** Facts of a batch that are listed. */
const MOST_TOGETHER = 50;

/** A fact with its append's metadata, its batch, what led to it and what followed from it. */
export async function factView(
  asked: URLSearchParams,
  service: DashboardService,
  payloads: Payloads,
): Promise<View> {
  const store = asked.get('store') ?? 'default';
  const number = numberOf(asked.get('number')) ?? 0n;
  const trace = await service.store(store).trace(number, { limit: MOST_TRACED });
  if (trace === null) throw new NotFoundException(`The log has no fact ${number}.`);
  const { fact, metadata, causes, effects } = trace;
  const [payload, kept] = [
    payloads.text(fact.payload),
    metadata === null ? null : payloads.text(metadata),
  ];
  const hidden = html`<p class="hint">Hidden on this page.</p>`;
  return {
    title: `Fact ${count(fact.sequence_number)}`,
    entry: 'facts',
    body: html`<p>
        <b>${fact.event_type}</b>
        <time class="when" datetime="${fact.occurred_at}">${fact.occurred_at}</time>
      </p>
      <h2>Payload</h2>
      ${payload === null ? hidden : html`<pre tabindex="0" aria-label="Payload">${payload}</pre>`}
      <h2>Metadata of its append</h2>
      ${
        metadata === null
          ? html`<p>None.</p>`
          : kept === null
            ? hidden
            : html`<pre tabindex="0" aria-label="Metadata">${kept}</pre>`
      }
      <h2>Appended with it</h2>
      ${await together(service, store, number, payloads)}
      <h2>What led to it</h2>
      ${list(
        causes.map((cause) => cause.fact),
        store,
        payloads,
      )}
      <h2>What followed from it</h2>
      ${effects.length === 0 ? html`<p>Nothing, as far as metadata tells.</p>` : tree(effects, store, payloads)}
      ${!trace.complete && html`<p class="hint">Only ${MOST_TRACED} facts are shown.</p>`}`,
  };
}

/** The other facts of its batch. */
async function together(
  service: DashboardService,
  store: string,
  number: bigint,
  payloads: Payloads,
): Promise<Html> {
  const batch = await service.batchOf(store, number);
  if (batch === undefined) return html`<p>This store does not tell.</p>`;
  const { first, last } = batch;
  const size = last - first + 1n;
  if (size === 1n) return html`<p>Nothing: it was appended alone.</p>`;
  const { event_records } = await service
    .store(store)
    .query({ min_sequence_number: first - 1n }, { limit: MOST_TOGETHER, upTo: last });
  const others = event_records.filter(({ sequence_number }) => sequence_number !== number);
  return html`<p>One batch of ${count(size)} facts, ${count(first)} to ${count(last)}.</p>
    ${list(others, store, payloads)}
    ${size > MOST_TOGETHER && html`<p class="hint">Only the first ${MOST_TOGETHER} are shown.</p>`}`;
}

function list(facts: readonly EventRecord[], store: string, payloads: Payloads): Html {
  if (facts.length === 0) return html`<p>Nothing, as far as metadata tells.</p>`;
  return html`<ul class="rows facts">
    ${facts.map((fact) => factRow(fact, store, payloads))}
  </ul>`;
}

function tree(effects: readonly TracedEffect[], store: string, payloads: Payloads): Html {
  return html`<ul class="rows facts">
    ${effects.map(
      (effect) =>
        html`${factRow(effect.fact, store, payloads)}${
          effect.effects.length > 0 &&
          html`<li class="nested">${tree(effect.effects, store, payloads)}</li>`
        }`,
    )}
  </ul>`;
}
