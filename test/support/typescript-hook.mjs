// Lets `node --import` run the repository's TypeScript in a child process, compiled as Jest compiles it.
import { register } from 'node:module';

register('./typescript-loader.mjs', import.meta.url);
