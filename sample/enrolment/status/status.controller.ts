import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { FactstrProjections, FactstrStore } from 'nestjs-factstr';
import { ReadModelQueries } from '../read-model/read-model.queries.js';
import { ApiEndpoint } from '../http/endpoint.js';
import { StatusDto } from './status.dto.js';

@ApiTags('Status')
@Controller('status')
export class StatusController {
  constructor(
    private readonly store: FactstrStore,
    private readonly projections: FactstrProjections,
    private readonly readModel: ReadModelQueries,
  ) {}

  @Get()
  @ApiEndpoint('Tell how far the projections are', { 200: StatusDto })
  async status(): Promise<StatusDto> {
    const projections = await this.projections.list();
    // Before the head, so that the lag is never negative.
    const position = await this.readModel.position();
    const head = await this.store.head();
    return {
      head,
      read_model: { position, lag: head - position },
      projections: projections.map(
        ({ name, state, reason, position, head, lag, owner, parked }) => ({
          name,
          state,
          reason,
          position,
          head,
          lag,
          owner: owner && `process ${owner.pid} on ${owner.host}${owner.self ? ' (this one)' : ''}`,
          parked,
        }),
      ),
    };
  }
}
