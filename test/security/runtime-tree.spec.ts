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
function imported(of: (file: string) => boolean = () => true): Set<string> {
  const packages = new Set<string>();
  for (const file of readdirSync(join(ROOT, 'lib'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || !of(file)) continue;
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
  it('is the application’s own packages, and for the command line one that needs no other', () => {
    const { dependencies, optionalDependencies, bundleDependencies } = manifest;
    expect([dependencies, bundleDependencies]).toEqual([undefined, undefined]);
    expect(Object.keys(optionalDependencies ?? {})).toEqual(['commander']);
    const commander = join(ROOT, 'node_modules', 'commander', 'package.json');
    const { dependencies: further } = JSON.parse(readFileSync(commander, 'utf8')) as Manifest;
    expect(Object.keys(further ?? {})).toEqual([]);
  });

  it('has every package that the library imports', () => {
    const packages = [...imported()].filter((name) => !isBuiltin(name));
    expect(packages).toContain('@nestjs/common');
    const { peerDependencies, optionalDependencies } = manifest;
    for (const name of packages) {
      expect({ ...peerDependencies, ...optionalDependencies }).toHaveProperty([name]);
    }
  });

  it('loads that of the command line for the command line only', () => {
    expect([...imported((file) => !file.startsWith('cli/'))]).not.toContain('commander');
  });

  it('runs nothing at install', () => {
    for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) {
      expect(manifest.scripts).not.toHaveProperty([script]);
    }
  });
});
