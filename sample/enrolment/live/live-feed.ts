import { Injectable } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { OnFacts } from 'nestjs-factstr';
import { Subject } from 'rxjs';
import { ENROLMENT_FACTS } from '../domain/facts.js';
import type { EnrolmentFact } from '../domain/facts.js';

/** The facts as they are committed, by this process or another: one batch at a time, from now on. */
@Injectable()
export class LiveFeed implements OnModuleDestroy {
  readonly #batches = new Subject<EnrolmentFact[]>();
  readonly batches = this.#batches.asObservable();

  @OnFacts(ENROLMENT_FACTS)
  publish(facts: EnrolmentFact[]): void {
    this.#batches.next(facts);
  }

  /** Ends the browsers' event streams; they connect again by themselves. */
  onModuleDestroy(): void {
    this.#batches.complete();
  }
}
