import type { Browser, BrowserContextOptions, Page, Request } from 'playwright-core';

/** As wide as the smallest phones that are in use. */
export const PHONE = {
  viewport: { width: 360, height: 740 },
  deviceScaleFactor: 2,
  isMobile: true,
  hasTouch: true,
} satisfies BrowserContextOptions;

declare global {
  // Told by the page to the test.
  var reportViolation: (violation: string) => void;
}

/** A page in a context of its own, and what the browser complains of while it is open. */
export class Visit {
  readonly page: Page;
  readonly #complaints: string[] = [];
  readonly #finished: Request[] = [];

  private constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      this.#complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.#complaints.push(`uncaught: ${String(error)}`));
    page.on('requestfinished', (request) => this.#finished.push(request));
  }

  /** `options` are those of the context: `PHONE`, `colorScheme: 'dark'`. */
  static async of(browser: Browser, options: BrowserContextOptions = {}): Promise<Visit> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    // The test's limit holds, which goes by the machine's time.
    page.setDefaultTimeout(0);
    const visit = new Visit(page);
    await page.exposeBinding('reportViolation', (_, violation: string) => {
      visit.#complaints.push(`security policy: ${violation}`);
    });
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        globalThis.reportViolation(`${event.violatedDirective} forbids ${event.blockedURI}`);
      });
    });
    return visit;
  }

  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
  ): Promise<Visit> {
    const visit = await Visit.of(browser, options);
    await visit.page.goto(url);
    return visit;
  }

  /** Errors and warnings of the console, uncaught errors and violations of the page’s security policy so far. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** What has come over the wire for the finished requests so far: in bytes, with the answers’ heads. */
  async transferred(): Promise<{ path: string; bytes: number }[]> {
    return Promise.all(
      this.#finished.map(async (request) => {
        const { responseBodySize, responseHeadersSize } = await request.sizes();
        return {
          path: new URL(request.url()).pathname,
          bytes: responseBodySize + responseHeadersSize,
        };
      }),
    );
  }

  /** By how many pixels of CSS the page can be scrolled sideways. */
  sideways(): Promise<number> {
    const { width } = this.page.viewportSize()!;
    return this.page.evaluate(
      (width) => Math.max(0, document.documentElement.scrollWidth - width),
      width,
    );
  }
}
