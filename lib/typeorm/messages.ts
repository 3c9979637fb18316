/** Every message of the extra's checks at bootstrap, in one place. */
export const messages = {
  noLog: (label: string): string =>
    `${label} is transactional, which needs a store that shows its log; this one has the contract only. Use provider "memory", "sqlite" or "postgres".`,
  timeout: (label: string, timeout: number, longest: number, ttl: number): string =>
    `${label} is transactional with a timeout of ${timeout} ms: it must be below ${longest} ms, so that a frozen owner's transaction has ended when its ` +
    `lease of ${ttl} ms has. Shorten the timeout, or lengthen leaseTtl.`,
  noDataSource: (label: string, name: string | undefined): string =>
    `${label} is transactional on the ${name === undefined ? 'default data source' : `data source "${name}"`}, which no TypeOrmModule registers. ` +
    'Register it with TypeOrmModule.forRoot, or correct the option transactional.',
  noDataSourceAtAll: (label: string, name: string | undefined): string =>
    `${label} is transactional on the ${name === undefined ? 'default data source' : `data source "${name}"`}, under whose token is no TypeORM DataSource (overridden by a fake?). ` +
    'Override it with a DataSource, or leave the handlers out: overrideProvider(FactstrStore), or the option handlers.',
  nameTaken: (name: string, labels: readonly string[]): string =>
    `${labels.join(' and ')} both keep a cursor "${name}" in one data source. Give one of them another name.`,
  otherDatabase: (label: string, type: string): string =>
    `${label} is transactional on a data source of type "${type}"; "postgres" and "better-sqlite3" can do that.`,
  inMemory: (label: string): string =>
    `${label} is transactional on a SQLite database in memory, which one connection only can see. Use a file.`,
  sqliteOptions: (label: string): string =>
    `${label} is transactional on a SQLite data source that is encrypted or read-only, which is not supported.`,
  sameFile: (label: string, file: string): string =>
    `${label} is transactional on the fact store's own file ${file}: an append would wait for the handler's transaction, and stop the process that runs it. Use two files.`,
};
