import { Controller, Sse } from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { endWith, ignoreElements, interval, map, merge, of, takeUntil } from 'rxjs';
import type { Observable } from 'rxjs';
import { LiveFeed } from './live-feed.js';

/** Milliseconds. A silent connection cannot be told from a dead one. */
const HEARTBEAT = 15_000;
const RECONNECT_AFTER = 1_000;

@ApiTags('Facts')
@Controller('events')
export class EventsController {
  constructor(private readonly feed: LiveFeed) {}

  @Sse()
  @ApiOperation({
    summary: 'Follow the facts as server-sent events',
    description:
      'Events of type `facts` hold one committed batch. What was committed while a client was away ' +
      'is not repeated: read `GET /facts` after (re)connecting.',
  })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'The stream, with a `ping` every 15 s.' })
  follow(): Observable<MessageEvent> {
    const facts = this.feed.batches.pipe(map((batch) => ({ type: 'facts', data: batch })));
    const ended = facts.pipe(ignoreElements(), endWith(true));
    return merge(
      of({ type: 'ready', retry: RECONNECT_AFTER, data: '' }),
      facts,
      interval(HEARTBEAT).pipe(map(() => ({ type: 'ping', data: '' }))),
    ).pipe(takeUntil(ended));
  }
}
