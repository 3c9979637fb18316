import { Settings } from '../../../../sample/settings.js';
import { createDatabase } from '../../../support/postgres.js';
import { createDataDir } from './data-dir.js';

/** Where one test file's application keeps its data. */
export interface Storage {
  /** For a process of the sample. */
  readonly env: Record<string, string>;
  /** For a sample in this process. */
  readonly settings: Settings;
  remove(): Promise<void>;
}

/** The two storages that the sample supports. */
export const STORAGES: readonly { name: string; create: () => Promise<Storage> }[] = [
  {
    name: 'SQLite',
    create: async () => {
      const folder = await createDataDir();
      const env = { DATA_DIR: folder.path };
      return { env, settings: new Settings(env), remove: () => folder.remove() };
    },
  },
  {
    name: 'Postgres',
    create: async () => {
      const database = await createDatabase();
      const env = { DATABASE_URL: database.url };
      return { env, settings: new Settings(env), remove: () => database.drop() };
    },
  },
];
