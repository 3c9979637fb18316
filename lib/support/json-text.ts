/**
 * JSON as text. Numbers are carried as they are written: parsing them would round what has more digits than a double.
 * Texts of equal values are equal: keys are sorted, the last of equal keys counts, numbers have no exponent, and there
 * are no spaces; so what a jsonb column and a text column keep of one value compares byte by byte.
 */

/** Part of a text, of bounded length: an expression that could go back over all of a long one would run out of stack. */
const CHARACTERS = /(?:[^"\\\u0000-\u001F]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4})){1,10000}/y; // oxlint-disable-line no-control-regex
const NUMBER = /(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\r\n]*/y;
/** Exponents beyond are left as they are written. */
const MAX_EXPONENT = 10_000;

/** The text of equal values. @throws SyntaxError for what is no JSON */
export function canonicalJson(text: string): string {
  return isCanonical(text) ? text : new JsonReader(text).whole((reader) => reader.value());
}

/**
 * Whether `JSON.stringify` writes a value that `JSON.parse` returned as its canonical text. It does except for keys
 * that are not sorted, and for numbers with an exponent.
 */
export function isWrittenCanonically(value: unknown): boolean {
  if (typeof value === 'number') {
    const size = Math.abs(value);
    return size === 0 || (size >= 1e-6 && size < 1e21);
  }
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isWrittenCanonically);
  const keys = Object.keys(value);
  for (let index = 0; index < keys.length; index++) {
    if (index > 0 && keys[index - 1]! > keys[index]!) return false;
    if (!isWrittenCanonically((value as Record<string, unknown>)[keys[index]!])) return false;
  }
  return true;
}

/**
 * A short way to tell, for most texts. What is lost on the way through a value (spaces, escapes, a key that is
 * repeated, digits of a number) makes another text. @returns `false` also where it cannot tell
 */
function isCanonical(text: string): boolean {
  try {
    const value = JSON.parse(text) as unknown;
    return JSON.stringify(value) === text && isWrittenCanonically(value);
  } catch {
    return false;
  }
}

/** An object's members, each as the text of equal values. @throws SyntaxError for what is no object */
export function jsonMembers(text: string): Map<string, string> {
  return new JsonReader(text).whole((reader) => reader.members());
}

/** An array's elements, each as the text of equal values. @throws SyntaxError for what is no array */
export function jsonElements(text: string): string[] {
  return new JsonReader(text).whole((reader) => reader.elements());
}

class JsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  whole<T>(read: (reader: this) => T): T {
    this.#skip();
    const result = read(this);
    this.#skip();
    if (this.#at < this.#text.length) throw this.#wrong();
    return result;
  }

  value(): string {
    switch (this.#text[this.#at]) {
      case '{': {
        const members = [...this.members()].sort(([one], [other]) => (one < other ? -1 : 1));
        return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`;
      }
      case '[':
        return `[${this.elements().join(',')}]`;
      case '"':
        return this.#string();
      case 't':
      case 'f':
      case 'n':
        return this.#match(WORD)[0];
      default:
        return numberText(this.#match(NUMBER));
    }
  }

  members(): Map<string, string> {
    const members = new Map<string, string>();
    this.#list('{', '}', () => {
      const key = JSON.parse(this.#string()) as string;
      this.#skip();
      this.#expect(':');
      this.#skip();
      members.set(key, this.value());
    });
    return members;
  }

  elements(): string[] {
    const elements: string[] = [];
    this.#list('[', ']', () => elements.push(this.value()));
    return elements;
  }

  #list(open: string, close: string, one: () => void): void {
    this.#expect(open);
    this.#skip();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      one();
      this.#skip();
      if (this.#text[this.#at] === close) break;
      this.#expect(',');
      this.#skip();
    }
    this.#at++;
  }

  #string(): string {
    const begin = this.#at;
    this.#expect('"');
    while (this.#text[this.#at] !== '"') this.#match(CHARACTERS);
    const text = this.#text.slice(begin, ++this.#at);
    return text.includes('\\') ? JSON.stringify(JSON.parse(text)) : text;
  }

  #match(pattern: RegExp): RegExpExecArray {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw this.#wrong();
    this.#at = pattern.lastIndex;
    return found;
  }

  #skip(): void {
    const code = this.#text.charCodeAt(this.#at);
    if (code > 32) return;
    SPACE.lastIndex = this.#at;
    SPACE.exec(this.#text);
    this.#at = SPACE.lastIndex;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) throw this.#wrong();
    this.#at++;
  }

  /** Without what stands there: it may be a payload. */
  #wrong(): SyntaxError {
    return new SyntaxError(`it is no JSON at character ${this.#at + 1}`);
  }
}

/** As Postgres keeps it: `1.5e3` is 1500, `1e-2` is 0.01, `1.50` stays, and there is no negative zero. */
function numberText([raw, sign, whole, fraction = '', exponent]: RegExpExecArray): string {
  const isZero = !/[1-9]/.test(whole! + fraction);
  if (exponent === undefined) return isZero ? raw.replace('-', '') : raw;
  const shift = Number(exponent);
  if (Math.abs(shift) > MAX_EXPONENT) return raw;
  const digits = whole! + fraction;
  const point = whole!.length + shift;
  const before = digits.slice(0, Math.max(0, point)).padEnd(Math.max(0, point), '0');
  const after = '0'.repeat(Math.max(0, -point)) + digits.slice(Math.max(0, point));
  const integer = before.replace(/^0+(?=\d)/, '') || '0';
  return `${isZero ? '' : sign}${integer}${after === '' ? '' : `.${after}`}`;
}
