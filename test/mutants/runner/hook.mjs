// Lets a child process load test files outside Jest: TypeScript, and what they import from Jest.
import '../../support/typescript-hook.mjs';
import { register } from 'node:module';

register('./jest-globals-loader.mjs', import.meta.url);
