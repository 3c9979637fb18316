import { availableParallelism } from 'node:os';
import { SWC_OPTIONS } from './test/support/swc-options.mjs';

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/test/support/environment.mjs',
  roots: ['<rootDir>/test', '<rootDir>/sample'],
  testMatch: ['**/*.spec.ts'],
  // They need cargo, and run by a command of their own: npm run test:interop.
  testPathIgnorePatterns: ['/node_modules/', '/test/interop/'],
  globalSetup: '<rootDir>/test/support/global-setup.mjs',
  globalTeardown: '<rootDir>/test/support/global-teardown.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: {
    '^nestjs-factstr/([a-z]+)$': '<rootDir>/lib/$1/index.ts',
    '^nestjs-factstr$': '<rootDir>/lib/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.ts$': ['@swc/jest', SWC_OPTIONS],
  },
  // Never in Jest's own process: it keeps every file's modules, and tests that collect garbage come to take minutes.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  workerIdleMemoryLimit: '512MB',
  // Longer than the patience of test/support/waiting/until.ts: it says what it waited for.
  testTimeout: 60_000,
};
