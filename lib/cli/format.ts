/** Numbers with their thousands apart: `1,000,000`. */
export function number(value: number | bigint): string {
  return value.toLocaleString('en-US');
}

/** Bytes in the unit that fits: `640 B`, `12.5 kB`, `3.2 GB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** Columns side by side; those that `right` names by their place are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, text] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, text.length);
    }
  }
  const lines = rows.map((row) =>
    row
      .map((text, column) =>
        right.includes(column) ? text.padStart(widths[column]!) : text.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Of Unicode: controls, and what breaks lines or turns their direction. */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text on one line, without what would steer a terminal: a stored text may hold anything. */
export function plain(text: string): string {
  return text.replaceAll(
    STEERING,
    (control) => String.raw`\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** JSON on one line; bigints are decimal text in it, as in this package's HTTP answers. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'bigint' ? member.toString() : member,
  );
}
