import { Injectable } from '@nestjs/common';
import { FactstrMemoryStore, FactstrModule, FactstrSqliteStore } from 'nestjs-factstr';

// The stores stay classes where Nest looks for one: in the metadata of a constructor, and as a custom provider.

@Injectable()
export class Holder {
  constructor(
    readonly memory: FactstrMemoryStore,
    readonly sqlite: FactstrSqliteStore,
  ) {}
}

export const module = FactstrModule.forRoot({
  provider: 'custom',
  store: () => new FactstrMemoryStore(),
});
