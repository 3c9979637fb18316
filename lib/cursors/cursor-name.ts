/** The stored cursor's name: versions replay beside one another. */
export function cursorName({ name, version = 1 }: { name: string; version?: number }): string {
  return version === 1 ? name : `${name}@${version}`;
}

/** The projection and version that a cursor's name stands for. */
export function versionOf(cursor: string): { readonly name: string; readonly version: number } {
  const [, name, version] = /^(.+)@([1-9]\d{0,8})$/su.exec(cursor) ?? [];
  return name === undefined || version === '1'
    ? { name: cursor, version: 1 }
    : { name, version: Number(version) };
}
