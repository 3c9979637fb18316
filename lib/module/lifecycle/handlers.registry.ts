import { Injectable } from '@nestjs/common';
import { worksBehindProxy } from '../../support/behind-proxy.js';
import type { LiveHandler } from '../handlers/live-handler.js';
import type { RegisteredProjection } from '../projections/registered-projection.js';

/** The handlers of one application that were registered, in the order in which they were found. */
@Injectable()
export class HandlersRegistry {
  readonly projections: RegisteredProjection[] = [];
  readonly liveHandlers: LiveHandler[] = [];

  constructor() {
    worksBehindProxy(this);
  }

  add(projections: readonly RegisteredProjection[], liveHandlers: readonly LiveHandler[]): void {
    this.projections.push(...projections);
    this.liveHandlers.push(...liveHandlers);
  }

  /** Ends everything; each entry resolves when its handler is done. */
  stopAll(): { label: string; done: Promise<void> }[] {
    return [
      ...this.liveHandlers.map((handler) => ({ label: handler.label, done: handler.stop() })),
      ...this.projections.map(({ label, runner }) => ({ label, done: runner.stop() })),
    ];
  }
}
