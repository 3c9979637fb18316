import { readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  dependencies?: object;
  optionalDependencies?: object;
  bundleDependencies?: unknown;
  scripts: Record<string, string>;
  peerDependencies: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

/** The packages that the library's files import, each once. */
function imported(): Set<string> {
  const packages = new Set<string>();
  for (const file of readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const source = readFileSync(join(ROOT, 'lib', file), 'utf8');
    for (const [, name] of source.matchAll(
      /^(?:import|export)\b[^;]*?from '([^']+)'|\bimport\('([^']+)'\)/gm,
    )) {
      if (name !== undefined && !name.startsWith('.')) packages.add(packageOf(name));
    }
  }
  return packages;
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('The runtime tree', () => {
  it('is the application’s own packages: nothing comes with this one that could be vulnerable', () => {
    const { dependencies, optionalDependencies, bundleDependencies } = manifest;
    expect([dependencies, optionalDependencies, bundleDependencies]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has every package that the library imports', () => {
    const packages = [...imported()].filter((name) => !isBuiltin(name));
    expect(packages).toContain('@nestjs/common');
    for (const name of packages) expect(manifest.peerDependencies).toHaveProperty([name]);
  });

  it('runs nothing at install', () => {
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(manifest.scripts).not.toHaveProperty([script]);
    }
  });
});
