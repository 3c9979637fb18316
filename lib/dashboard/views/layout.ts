import { HttpException } from '@nestjs/common';
import { FactstrError } from '../../contract/errors.js';
import { describeError } from '../../support/describe-error.js';
import type { Payloads } from '../payloads.js';
import { html, link } from './html.js';
import type { Html, Part } from './html.js';

/** What stands in the page’s frame. */
export interface View {
  readonly title: string;
  readonly body: Part;
  /** Which entry of the navigation it is. */
  readonly entry?: Entry;
  /** Default 200. */
  readonly status?: number;
  /** What an action came to. */
  readonly notice?: string | undefined;
}

const ENTRIES = {
  projections: 'Projections',
  facts: 'Facts',
  tail: 'Live tail',
  models: 'Models',
} as const;

type Entry = keyof typeof ENTRIES;

/** The whole page; `here` is its folder, relative to its address. */
export function page(view: View, here: string): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${view.title} · Fact store</title>
        <link rel="icon" href="${here}icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="${here}style.css" />
        <script type="module" src="${here}script.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header>
          <p class="brand">Fact store</p>
          <nav aria-label="Views">
            ${Object.entries(ENTRIES).map(
              ([entry, name]) =>
                html`<a
                  id="to-${entry}"
                  href="${link({ view: entry })}"
                  ${view.entry === entry && currentPage}
                  >${name}</a
                >`,
            )}
          </nav>
          <p id="connection" role="status"></p>
        </header>
        <main id="main" tabindex="-1">
          <h1>${view.title}</h1>
          ${view.notice !== undefined && html`<p class="notice" role="status">${view.notice}</p>`}
          ${view.body}
        </main>
      </body>
    </html> `;
}

const currentPage = html`aria-current="page"`;

/** A part of the page that is drawn anew while it is looked at. */
export function live(id: string, content: Part): Html {
  return html`<div id="${id}" data-live>${content}</div>`;
}

/** Why something could not be shown, or done. */
export function failurePage(error: unknown, payloads: Payloads): View {
  const status = error instanceof HttpException ? error.getStatus() : isRefusal(error) ? 400 : 503;
  const told = error instanceof HttpException || error instanceof FactstrError;
  const text =
    told || payloads.areTold ? describeError(error) : 'The reason is in the application’s log.';
  return {
    title: status === 503 ? 'This cannot be shown now' : 'This was refused',
    status,
    body: html`<p class="failure" role="alert">${text}</p>
      <p><a href="?view=projections">To the projections</a></p>`,
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof FactstrError && error.code.startsWith('INVALID');
}
