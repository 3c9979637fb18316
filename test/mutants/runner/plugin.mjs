// Stryker loads plugins in processes of its own, which know no TypeScript.
import '../../support/typescript-hook.mjs';

export const { strykerPlugins } = await import('./plugin.ts');
