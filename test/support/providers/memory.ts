import { FactstrMemoryStore } from '../../../lib/stores/memory/store.js';
import type { Provider } from './provider.js';

export const memory: Provider = {
  name: 'memory',
  create: async () => {
    const stores: FactstrMemoryStore[] = [];
    return {
      open: async (options) => {
        const store = new FactstrMemoryStore(options);
        stores.push(store);
        return store;
      },
      dispose: async () => {
        for (const store of stores) void store.close();
      },
    };
  },
};
