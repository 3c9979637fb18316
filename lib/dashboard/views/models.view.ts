import { InvalidOptionsError } from '../../contract/errors.js';
import type { CheckedOptions, DashboardModel } from '../dashboard.options.js';
import type { DashboardService } from '../dashboard.service.js';
import type { Payloads } from '../payloads.js';
import { PATIENCE, factRow, numberOf } from './facts.view.js';
import { html, link } from './html.js';
import type { View } from './layout.js';

/** Steps that a page shows. */
const STEPS = 10;

/** A model’s state before and after each fact of its context. */
export async function modelsView(
  asked: URLSearchParams,
  service: DashboardService,
  options: CheckedOptions,
  payloads: Payloads,
): Promise<View> {
  const [name, args] = [asked.get('model') ?? '', asked.get('arguments') ?? ''];
  const store = asked.get('store') ?? 'default';
  const model = options.models.find(({ modelName }) => modelName === name);
  const form = html`<form class="search" method="get">
    <input type="hidden" name="view" value="models" />
    <label
      >Model
      <select name="model">
        ${options.models.map(
          ({ modelName }) =>
            html`<option ${modelName === name && html`selected`}>${modelName}</option>`,
        )}
      </select></label
    >
    <label
      >Arguments
      <input name="arguments" value="${args}" placeholder="such as an id" autocomplete="off"
    /></label>
    <button>Step through</button>
  </form>`;
  const empty = html`<p>No model is registered with the page: <code>models: […]</code>.</p>`;
  const chosen = {
    service,
    store,
    payloads,
    name,
    args,
    after: numberOf(asked.get('after')) ?? 0n,
  };
  return {
    title: 'Models',
    entry: 'models',
    body: [
      options.models.length === 0 ? empty : form,
      !payloads.areTold && html`<p class="hint">States are hidden on this page.</p>`,
      model !== undefined && payloads.areTold && (await steps(model, chosen)),
    ],
  };
}

interface Chosen {
  readonly service: DashboardService;
  readonly store: string;
  readonly payloads: Payloads;
  readonly name: string;
  readonly args: string;
  /** The fact after which the page begins. */
  readonly after: bigint;
}

async function steps(
  model: DashboardModel,
  { service, store, payloads, name, args, after }: Chosen,
) {
  const bound = model(...(argumentsOf(args) as never[]));
  const facts = service.store(store);
  const query = { filters: bound.handlers.map(({ filter }) => filter), min_sequence_number: after };
  const { event_records } = await facts.query(query, {
    limit: STEPS + 1,
    signal: AbortSignal.timeout(PATIENCE),
  });
  const shown = event_records.slice(0, STEPS);
  const { state } = await facts.state(bound, { upTo: after });
  let before: unknown = state;
  const rows = [];
  for (const fact of shown) {
    const { state } = await facts.state(bound, { upTo: fact.sequence_number });
    rows.push(
      html`<li class="step">
        <ul class="rows facts">
          ${factRow(fact, store, payloads)}
        </ul>
        <div class="states">
          <div>
            <h2>Before</h2>
            <pre tabindex="0">${payloads.text(before)}</pre>
          </div>
          <div>
            <h2>After</h2>
            <pre tabindex="0">${payloads.text(state)}</pre>
          </div>
        </div>
      </li>`,
    );
    before = state;
  }
  const more = event_records.length > STEPS && shown.at(-1)!.sequence_number;
  return html`${
    rows.length === 0
      ? html`<p>No facts of this context${after > 0n && ' after that'}.</p>`
      : html`<ol class="steps">
          ${rows}
        </ol>`
  }
  ${more && html`<p><a id="further" href="${link({ view: 'models', store, model: name, arguments: args, after: more })}">Further facts</a></p>`}`;
}

/** A JSON list is all arguments; anything else is the one argument, as JSON or as text. */
function argumentsOf(text: string): unknown[] {
  if (text.trim() === '') return [];
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : [parsed];
  } catch {
    if (/^\s*[[{"]/.test(text)) throw new InvalidOptionsError('The arguments are no JSON.');
    return [text.trim()];
  }
}
