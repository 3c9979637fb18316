import type { ChildProcess } from 'node:child_process';

export declare class Children {
  add(child: ChildProcess): void;
  addKeeper(child: ChildProcess): void;
  end(): Promise<ChildProcess[]>;
}

export declare function testChildren(): Children;
