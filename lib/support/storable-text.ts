/** Characters of a text, unless the caller names another bound. */
const MAX_TEXT_CHARS = 2_000;
/** Characters kept free for the mark of a cut. */
const CUT_MARK_CHARS = 40;

/** U+0000, and surrogates without their other half: no UTF-8 column of Postgres takes them. */
const UNSTORABLE =
  // oxlint-disable-next-line no-control-regex
  /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

/**
 * A text that every database takes, of `most` characters at the most: a longer one is cut, and says so; what UTF-8
 * or Postgres cannot carry is written as its escape (`\u0000`). A text that needs neither is returned as it is.
 */
export function storableText(text: string, most = MAX_TEXT_CHARS): string {
  const escaped = head(text, most).replace(UNSTORABLE, escape);
  if (text.length <= most && escaped.length <= most) return escaped;
  return `${head(escaped, most - CUT_MARK_CHARS)}… (cut: ${text.length} characters)`;
}

/** The first characters, without the half of a pair at the end. */
function head(text: string, length: number): string {
  const splits = (text.codePointAt(length - 1) ?? 0) > 0xffff;
  return text.slice(0, splits ? length - 1 : length);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
