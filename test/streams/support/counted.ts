import { jest } from '@jest/globals';

/** How many listen for a signal's abort. */
export function counted(signal: AbortSignal): { readonly listeners: number } {
  const count = { listeners: 0 };
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  jest.spyOn(signal, 'addEventListener').mockImplementation((...args) => {
    if (args[0] === 'abort') count.listeners++;
    add(...args);
  });
  jest.spyOn(signal, 'removeEventListener').mockImplementation((...args) => {
    if (args[0] === 'abort') count.listeners--;
    remove(...args);
  });
  return count;
}
