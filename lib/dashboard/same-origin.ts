/** What is read of a request, of Express’s and Fastify’s alike. */
export interface PlainRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Whether a request comes from a page of this origin, and not from another site that the browser has open. Browsers
 * tell so themselves, whatever proxies do to the host; where they do not (plain HTTP) the origin has to be the host.
 */
export function isSameOrigin({ headers }: Pick<PlainRequest, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin';
  const origin = headers['origin'];
  if (typeof origin !== 'string' || !URL.canParse(origin)) return false;
  const { host } = new URL(origin);
  return host === headers['host'] || host === headers['x-forwarded-host'];
}
