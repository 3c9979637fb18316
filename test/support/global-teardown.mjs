export default async function globalTeardown() {
  await globalThis.factstrTestPostgres?.end();
}
