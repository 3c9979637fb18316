/** An identifier of SQL, whatever it holds. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text literal of SQL, independent of standard_conforming_strings. */
export function quoteLiteral(text: string): string {
  const quoted = text.replaceAll("'", "''");
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`;
}

/** The text form of a text[] or jsonb[] value. */
export function arrayText(elements: readonly string[]): string {
  return `{${elements.map((element) => `"${element.replace(/["\\]/g, String.raw`\$&`)}"`).join(',')}}`;
}

/** As `arrayText`, for texts without control characters, such as JSON: JSON escapes quotes alike. */
export function jsonArrayText(elements: readonly string[]): string {
  return `{${elements.map((element) => JSON.stringify(element)).join(',')}}`;
}

/** SQL inside SQL, whatever it holds: a schema may be named like a delimiter. */
export function dollarQuote(sql: string): string {
  let tag = '$body$';
  for (let n = 1; sql.includes(tag); n++) tag = `$body${n}$`;
  return `${tag}${sql}\n${tag}`;
}
