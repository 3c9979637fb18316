import { fileURLToPath } from 'node:url';

const lib = (path) => fileURLToPath(new URL(`../../../lib/${path}`, import.meta.url));

export default {
  root: fileURLToPath(new URL('.', import.meta.url)),
  cacheDir: fileURLToPath(new URL('../../../node_modules/.vite', import.meta.url)),
  resolve: {
    alias: [
      { find: 'nestjs-factstr/testing', replacement: lib('testing/index.ts') },
      { find: /^nestjs-factstr$/, replacement: lib('index.ts') },
    ],
  },
  test: { include: ['vitest.ts'] },
};
