import { scenarios } from '../scenarios/index.js';
import type { Part } from './play.js';

/** Every row of the table. */
export const allParts: readonly Part[] = scenarios.flatMap((scenario) =>
  scenario.providers.map((provider) => ({ scenario, provider })),
);
