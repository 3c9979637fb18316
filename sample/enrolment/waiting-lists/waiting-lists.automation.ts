import { Injectable } from '@nestjs/common';
import { ApplyFact, DurableProjection } from 'nestjs-factstr';
import type { FactRecord, ReactionContext } from 'nestjs-factstr';
import { manageWaitingList } from '../domain/decisions/manage-waiting-list.js';

/** Facts that follow from facts, each exactly once, whatever process handles them and however often. */
@Injectable()
@DurableProjection({ name: 'waiting-lists' })
export class WaitingLists {
  @ApplyFact(['student-enrolled', 'student-withdrawn', 'course-capacity-changed'])
  async manage(
    { payload }: FactRecord<'student-enrolled' | 'student-withdrawn' | 'course-capacity-changed'>,
    context: ReactionContext,
  ): Promise<void> {
    await context.decide(manageWaitingList, { course_id: payload.course_id });
  }
}
