import { Module } from '@nestjs/common';
import { CoursesController } from './http/courses.controller.js';
import { StudentsController } from './http/students.controller.js';
import { EventsController } from './live/events.controller.js';
import { FactsController } from './log/facts.controller.js';
import { LiveFeed } from './live/live-feed.js';
import { StatusController } from './status/status.controller.js';
import { ReadModelProjection } from './read-model/read-model.projection.js';
import { ReadModelQueries } from './read-model/read-model.queries.js';
import { WaitingLists } from './waiting-lists/waiting-lists.automation.js';

@Module({
  controllers: [
    CoursesController,
    StudentsController,
    FactsController,
    EventsController,
    StatusController,
  ],
  providers: [ReadModelProjection, ReadModelQueries, WaitingLists, LiveFeed],
})
export class EnrolmentModule {}
