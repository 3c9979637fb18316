import type { InstanceWrapper } from '../application-modules.js';

/**
 * Why Nest makes a provider anew for each request: the names of the providers from its dependency down to the
 * request-scoped one. `undefined` for a provider that is made once.
 */
export function scopedChain(provider: InstanceWrapper): string[] | undefined {
  if (provider.isDependencyTreeStatic()) return undefined;
  const chain: string[] = [];
  const seen = new Set<InstanceWrapper>([provider]);
  let scoped: InstanceWrapper | undefined = provider;
  while (
    (scoped = dependenciesOf(scoped).find((d) => !seen.has(d) && !d.isDependencyTreeStatic()))
  ) {
    seen.add(scoped);
    chain.push(String(scoped.name));
  }
  return chain;
}

function dependenciesOf(wrapper: InstanceWrapper): InstanceWrapper[] {
  const properties = wrapper.getPropertiesMetadata() ?? [];
  // With gaps, where a dependency is optional and absent.
  return [
    ...(wrapper.getCtorMetadata() ?? []),
    ...properties.map((property) => property.wrapper),
  ].filter((dependency) => dependency !== undefined);
}
