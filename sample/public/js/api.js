/** The server refused: `reason` for programs, `message` for people, `fields` for what is malformed. */
export class Refusal extends Error {
  constructor({ reason = 'failed', message = 'The server could not do that.', fields = [] }) {
    super(message);
    this.reason = reason;
    this.fields = fields;
  }
}

/** No answer came: whether the command took effect is unknown. Sending it again, with the same key, is safe. */
export class Unanswered extends Error {
  constructor() {
    super('The server does not answer. Please try again; nothing happens twice.');
  }
}

export function get(path, query = {}) {
  const parameters = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== undefined),
  );
  return call('GET', parameters.size > 0 ? `${path}?${parameters}` : path);
}

/** `key` is the command's: sent again with it, the command takes effect once. */
export function send(method, path, body, key) {
  return call(method, path, body, key);
}

async function call(method, path, body, key) {
  let response;
  let answer;
  try {
    response = await fetch(path, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    answer = await response.json();
  } catch {
    throw new Unanswered();
  }
  if (response.status === 503) throw new Unanswered();
  if (!response.ok) throw new Refusal(answer);
  return answer;
}

/** An id for one command, so that its repetition is recognised. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
