import { between } from './imports.js';
import type { Imports } from './imports.js';

/**
 * The floors of `lib`, from the lowest: a file imports files of its own floor and of lower ones. Floors of one
 * line do not import one another.
 */
export const FLOORS: readonly (readonly string[])[] = [
  ['support'],
  ['contract'],
  ['matching', 'facts', 'http'],
  ['context-index', 'cursors', 'decisions'],
  ['streams'],
  ['stores/memory', 'stores/sqlite', 'stores/postgres', 'projections'],
  ['stores', 'service'],
  ['nats'],
  ['operations'],
  ['module'],
  ['telemetry'],
  ['typeorm', 'testing', 'terminus', 'opentelemetry', 'prometheus', 'dashboard', 'relay', 'cli'],
];

/** The floor of a file; the longest name that fits. */
export function floorOf(file: string): string | undefined {
  const names = FLOORS.flat().toSorted((a, b) => b.length - a.length);
  return names.find((name) => file.startsWith(`lib/${name}/`));
}

/** The floors and what each imports, as a picture for ARCHITECTURE.md; what a floor below already imports is left out. */
export function drawFloors(imports: Imports): string {
  const graph = between(imports, floorOf);
  const lines = FLOORS.toReversed().flatMap((floor) =>
    floor.flatMap((name) => {
      const all = [...(graph.get(name) ?? [])];
      const direct = all.filter(
        (to) => !all.some((other) => other !== to && reaches(graph, other, to)),
      );
      return direct.toSorted().map((to) => `  ${idOf(name)}["${name}"] --> ${idOf(to)}["${to}"]`);
    }),
  );
  return ['```mermaid', 'flowchart TD', ...lines, '```'].join('\n');
}

function reaches(graph: ReadonlyMap<string, Set<string>>, from: string, to: string): boolean {
  return [...(graph.get(from) ?? [])].some((next) => next === to || reaches(graph, next, to));
}

/** A mermaid id; plain words such as "end" mean something there. */
function idOf(name: string): string {
  return `f_${name.replaceAll(/\W/g, '_')}`;
}
