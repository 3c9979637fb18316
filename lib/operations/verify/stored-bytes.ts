/** As both providers' rows have bytes: `\x00ff`. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), 'hex'));
}
