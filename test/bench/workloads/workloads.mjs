import { append } from './append.mjs';
import { appendIf } from './append-if.mjs';
import { contended } from './contended.mjs';
import { decideModels, decideTogether } from './decide-models.mjs';
import { decide } from './decide.mjs';
import { deliverAcross } from './deliver-across.mjs';
import { deliver } from './deliver.mjs';
import { indexUpkeep } from './index-upkeep.mjs';
import { memory } from './memory.mjs';
import { query } from './query.mjs';
import { read } from './read.mjs';
import { replayMemory } from './replay-memory.mjs';
import { replay } from './replay.mjs';
import { telemetry } from './telemetry.mjs';

/** In the order of the report. */
export const workloads = [
  append,
  appendIf,
  contended,
  decide,
  decideModels,
  decideTogether,
  query,
  read,
  memory,
  deliver,
  deliverAcross,
  replay,
  replayMemory,
  indexUpkeep,
  telemetry,
];
