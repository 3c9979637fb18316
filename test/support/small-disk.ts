import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, rmdirSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let reason: string | undefined | null = null;

/** Why no small disk can be made here: that takes the right to mount. */
export function noSmallDisk(): string | undefined {
  if (reason !== null) return reason;
  const folder = mkdtempSync(join(tmpdir(), 'factstr-faults-'));
  try {
    mount(folder, 'size=1m');
    umount(folder);
    reason = undefined;
  } catch {
    reason = 'it may not mount a tmpfs here';
  } finally {
    rmdirSync(folder);
  }
  return reason;
}

/** A file system in memory that can be full. */
export class SmallDisk {
  readonly folder: string;
  #kibibytes: number;

  private constructor(folder: string, kibibytes: number) {
    this.folder = folder;
    this.#kibibytes = kibibytes;
  }

  /** Mounts it where `folder` says, which is not there yet. To be ended. */
  static mount(folder: string, kibibytes: number): SmallDisk {
    mkdirSync(folder);
    mount(folder, `size=${kibibytes}k`);
    return new SmallDisk(folder, kibibytes);
  }

  /** Takes all the room there is, to the last page. The answer gives it back. */
  fill(): () => void {
    const path = join(this.folder, 'filler');
    const file = openSync(path, 'w');
    try {
      for (;;) writeSync(file, Buffer.alloc(4_096));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
    return () => rmSync(path);
  }

  end(): void {
    umount(this.folder);
    rmdirSync(this.folder);
  }

  /** Makes room. */
  grow(kibibytes: number): void {
    this.#kibibytes += kibibytes;
    mount(this.folder, `remount,size=${this.#kibibytes}k`);
  }
}

function mount(folder: string, options: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'pipe' });
}

/** Also while a server that ends still has a file open there. */
function umount(folder: string): void {
  execFileSync('umount', ['--lazy', folder], { stdio: 'pipe' });
}
