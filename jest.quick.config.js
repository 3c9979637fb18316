import base from './jest.config.js';
import { LEFT_OUT } from './test/quick.mjs';

/** The suites that start no processes and play no faults: npm run test:quick */
/** @type {import('jest').Config} */
export default {
  ...base,
  testPathIgnorePatterns: [
    ...base.testPathIgnorePatterns,
    ...LEFT_OUT.map((pattern) => `<rootDir>${pattern}`),
  ],
};
