import type { ServerResponse } from 'node:http';
import { Get, Header, Inject, Post, Req, Res } from '@nestjs/common';
import type { EventRecord } from '../contract/contract.types.js';
import { SCRIPT } from './client/script.js';
import { ICON, STYLE } from './client/style.js';
import { carryOut } from './verbs.js';
import type { CheckedOptions } from './dashboard.options.js';
import { DASHBOARD_OPTIONS, DashboardService } from './dashboard.service.js';
import { Payloads } from './payloads.js';
import { isSameOrigin } from './same-origin.js';
import type { PlainRequest } from './same-origin.js';
import { Tails } from './tail.js';
import { factRow, numberOf } from './views/facts.view.js';
import { failurePage, page } from './views/layout.js';
import type { View } from './views/layout.js';
import { viewOf } from './views/views.js';

/** What is used of a response, of Express’s and Fastify’s alike. */
interface PlainResponse {
  status(code: number): unknown;
  header(name: string, value: string): unknown;
  send(text: string): unknown;
  /** Fastify’s only: leaves the response to what writes it itself. */
  hijack?(): unknown;
  /** Fastify’s only; Express’s response is Node’s. */
  readonly raw?: ServerResponse;
}

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The page, and what it is made of. All links are relative to the address in the browser, so that prefixes, and proxies
 * that take a part of the path off, need not be known here. Parameters are read from the request’s address alone: an
 * application’s pipes and parsers change nothing. Each response is written here, and not by Nest: nor do interceptors
 * that wrap what handlers return.
 */
export class DashboardController {
  readonly #payloads: Payloads;
  readonly #tails: Tails;

  constructor(
    @Inject(DASHBOARD_OPTIONS) private readonly options: CheckedOptions,
    @Inject(DashboardService) private readonly service: DashboardService,
  ) {
    this.#payloads = new Payloads(options.payloads);
    this.#tails = new Tails(service.ended);
  }

  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  @Header('content-security-policy', POLICY)
  @Header('x-content-type-options', 'nosniff')
  @Header('referrer-policy', 'same-origin')
  @Header('cache-control', 'no-store')
  async show(@Req() request: PlainRequest, @Res() response: PlainResponse): Promise<void> {
    const address = addressOf(request);
    let view: View;
    try {
      view = await viewOf(address.searchParams, this.service, this.options, this.#payloads);
    } catch (error) {
      view = failurePage(error, this.#payloads);
    }
    response.status(view.status ?? 200);
    // A page that is looked at asks on the same connection again, for which the closing server would wait.
    if (this.service.ended.aborted) response.header('connection', 'close');
    response.send(page(view, hereOf(address.pathname)).text);
  }

  @Get('style.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  @Header('cache-control', 'no-cache')
  style(@Res() response: PlainResponse): void {
    response.send(STYLE);
  }

  @Get('script.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('x-content-type-options', 'nosniff')
  @Header('cache-control', 'no-cache')
  script(@Res() response: PlainResponse): void {
    response.send(SCRIPT);
  }

  @Get('icon.svg')
  @Header('content-type', 'image/svg+xml')
  @Header('x-content-type-options', 'nosniff')
  icon(@Res() response: PlainResponse): void {
    response.send(ICON);
  }

  @Get('tail')
  tail(@Req() request: PlainRequest, @Res() response: PlainResponse): void {
    const { searchParams } = addressOf(request);
    const last = request.headers['last-event-id'] ?? searchParams.get('after');
    const name = searchParams.get('store') ?? 'default';
    if (!this.service.stores.includes(name) || this.#tails.areFull) {
      response.status(this.#tails.areFull ? 503 : 400);
      response.send(this.#tails.areFull ? 'Too many tails are open.' : 'There is no such store.');
      return;
    }
    const followed = {
      store: this.service.store(name),
      after: (typeof last === 'string' && numberOf(last)) || 0n,
      show: (fact: EventRecord) => factRow(fact, name, this.#payloads).text,
    };
    response.hijack?.();
    void this.#tails.follow(followed, response.raw ?? (response as unknown as ServerResponse));
  }

  @Post()
  @Header('content-security-policy', POLICY)
  @Header('cache-control', 'no-store')
  async act(@Req() request: PlainRequest, @Res() response: PlainResponse): Promise<void> {
    const { pathname, searchParams } = addressOf(request);
    response.header('content-type', 'text/html; charset=utf-8');
    let view: View;
    try {
      const by = (): string => this.options.by(request as never);
      const isAllowed = this.options.actions && isSameOrigin(request);
      const back = await carryOut(
        searchParams,
        this.service.projections,
        isAllowed ? by : undefined,
      );
      response.status(303);
      response.header('location', back);
      response.send('');
      return;
    } catch (error) {
      view = failurePage(error, this.#payloads);
    }
    response.status(view.status ?? 500);
    response.send(page(view, hereOf(pathname)).text);
  }
}

function addressOf({ url }: PlainRequest): URL {
  return new URL(url, 'http://application');
}

/** The page’s own folder, relative to the address that was asked for: with a slash at its end that is the folder. */
function hereOf(pathname: string): string {
  return pathname.endsWith('/') ? '' : `${pathname.slice(pathname.lastIndexOf('/') + 1)}/`;
}
