import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const pom = fileURLToPath(new URL('./pom.xml', import.meta.url));
const version = /kafka_2[.]13<\/artifactId>\s*<version>(.+)<\/version>/.exec(
  readFileSync(pom, 'utf8'),
)![1]!;
const cache = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url));
const folder = join(cache, `kafka-server-${version}`);

let jars: { readonly folder: string | undefined } | undefined;

/**
 * The folder with Kafka's jars, which were fetched before, or now (45 MB, up to a minute). `undefined` where they
 * cannot be had: Java or Maven is missing.
 */
export function kafkaJars(): string | undefined {
  return (jars ??= { folder: found() }).folder;
}

function found(): string | undefined {
  if (!hasJava()) return undefined;
  return existsSync(folder) ? folder : fetched();
}

function fetched(): string | undefined {
  mkdirSync(cache, { recursive: true });
  const target = mkdtempSync(join(cache, 'fetch-kafka-'));
  try {
    const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime'];
    const args = ['-q', '-B', '-f', pom, ...copy, `-DoutputDirectory=${target}`];
    execFileSync('mvn', args, { stdio: 'ignore' });
    renameSync(target, folder);
  } catch {
    rmSync(target, { recursive: true, force: true });
  }
  // Another process may have been quicker.
  return existsSync(folder) ? folder : undefined;
}

function hasJava(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
