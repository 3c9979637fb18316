// Follows a store, and tells its parent when which fact arrived, until the parent goes.
import { once } from 'node:events';
import { findContestant } from '../contestants/contestants.mjs';

const { id, engine, place } = JSON.parse(process.argv[2]);
const session = await (await findContestant(id, engine)).open(place);
const live = await session.live((fact) => {
  process.send([fact, Number(process.hrtime.bigint()) / 1e6]);
});
process.send('ready');
await once(process, 'disconnect');
await live.end();
await session.close();
process.exit();
