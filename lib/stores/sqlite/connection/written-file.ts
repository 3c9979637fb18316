import { readdirSync, readlinkSync, statSync } from 'node:fs';
import type { OpenedFile } from './file-identity.js';

/** Where Linux shows what this process has open. */
const DESCRIPTORS = '/proc/self/fd';

/** An open descriptor of the file, and what it was shown as. */
interface Descriptor {
  readonly link: string;
  readonly target: string;
}

/**
 * Tells whether a file that is being written is still in its place. Asking for a file's times, as `stat` does, has
 * Linux write finer ones with the next change, which makes each flush slower by a third. So where the system shows
 * the descriptors, it is looked at what one of them is shown as: a removed or renamed file is shown as such.
 */
export class WrittenFile {
  readonly #file: OpenedFile;
  #descriptor: Descriptor | undefined;

  /** `file` is open in this process. */
  constructor(file: OpenedFile) {
    this.#file = file;
    this.#descriptor = descriptorOf(file);
  }

  /** @throws DatabaseReplacedError */
  assertInPlace(): void {
    const { link, target } = this.#descriptor ?? {};
    if (link !== undefined && targetOf(link) === target) return;
    this.#file.assertInPlace();
    // The descriptor was another connection's, which is closed; or a folder above was renamed to and fro.
    if (link !== undefined) this.#descriptor = descriptorOf(this.#file);
  }
}

/** `undefined` where the system does not show it. */
function descriptorOf(file: OpenedFile): Descriptor | undefined {
  try {
    for (const name of readdirSync(DESCRIPTORS)) {
      const link = `${DESCRIPTORS}/${name}`;
      const target = targetOf(link);
      if (
        target !== undefined &&
        file.is(statSync(link, { bigint: true, throwIfNoEntry: false }))
      ) {
        return { link, target };
      }
    }
  } catch {
    // Another system.
  }
  return undefined;
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}
