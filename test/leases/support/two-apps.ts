import type { Type } from '@nestjs/common';
import type { TestingModule } from '@nestjs/testing';
import {
  FactstrMemoryStore,
  FactstrModule,
  FactstrProjections,
  FactstrStore,
} from 'nestjs-factstr';
import type { FactstrOptions, ProjectionStatus } from 'nestjs-factstr';
import { until } from '../../conformance/support/until.js';
import { optionsOf } from '../../e2e/module/support/fixtures.js';
import type { Fixtures, ProviderName } from '../../e2e/module/support/fixtures.js';

/** Options that several applications of one test can share; on memory they share the store object. */
export async function sharedOptions(
  provider: ProviderName,
  fixtures: Fixtures,
): Promise<FactstrOptions> {
  if (provider !== 'memory') return optionsOf(provider, fixtures);
  const store = new FactstrMemoryStore();
  fixtures.later(() => store.close());
  return { provider: 'custom', store };
}

/** An application, with what tests ask of it. */
export class TestApp {
  readonly app: TestingModule;
  readonly projections: FactstrProjections;
  readonly store: FactstrStore;

  private constructor(app: TestingModule) {
    this.app = app;
    this.projections = app.get(FactstrProjections);
    this.store = app.get(FactstrStore);
  }

  static async start(
    fixtures: Fixtures,
    options: FactstrOptions,
    ...providers: Type[]
  ): Promise<TestApp> {
    return new TestApp(
      await fixtures.app({ imports: [FactstrModule.forRoot(options)], providers }),
    );
  }

  async append(...types: string[]): Promise<void> {
    for (const event_type of types) await this.store.append([{ event_type, payload: {} }]);
  }

  /** Waits until the projection's status has these properties, and returns it. */
  async shows(name: string, expected: Partial<ProjectionStatus>): Promise<ProjectionStatus> {
    let last: ProjectionStatus | undefined;
    await until(
      async () => {
        last = await this.projections.status(name);
        return Object.entries(expected).every(
          ([key, value]) => last![key as keyof ProjectionStatus] === value,
        );
      },
      () => `${text(expected)}; it is ${text(last)}`,
    );
    return last!;
  }
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'bigint' ? Number(part) : part,
  );
}
