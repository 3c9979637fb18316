import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What each file of a folder imports by a relative path, types included. Paths from the root. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** Reads the imports of all files of a folder. */
export function readImports(folder: 'lib' | 'test'): Imports {
  const files = globSync(`${folder}/**/*.{ts,mts,mjs}`, { cwd: root }).toSorted();
  return new Map(files.map((file) => [file, importsOf(file)]));
}

function importsOf(file: string): string[] {
  const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'));
  const found = importedFiles
    .filter(({ fileName }) => fileName.startsWith('.'))
    .map(({ fileName }) => posix.join(dirname(file), fileName).replace(/\.js$/, '.ts'));
  return [...new Set(found)];
}

/** The imports between the nodes that `nodeOf` makes of files. */
export function between(
  imports: Imports,
  nodeOf: (file: string) => string | undefined,
): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [file, imported] of imports) {
    const from = nodeOf(file);
    if (from === undefined) continue;
    const edges = graph.get(from) ?? new Set<string>();
    graph.set(from, edges);
    for (const other of imported) {
      const to = nodeOf(other);
      if (to !== undefined && to !== from) edges.add(to);
    }
  }
  return graph;
}

/** A way from a node back to itself, or `undefined`. */
export function circleIn(graph: ReadonlyMap<string, Iterable<string>>): string[] | undefined {
  const done = new Set<string>();
  const follow = (node: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(node);
    if (at !== -1) return [...path.slice(at), node];
    if (done.has(node)) return undefined;
    for (const next of graph.get(node) ?? []) {
      const circle = follow(next, [...path, node]);
      if (circle !== undefined) return circle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = follow(node, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
