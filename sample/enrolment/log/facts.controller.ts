import { Controller, Get, Query } from '@nestjs/common';
import { FactstrStore, factQuery } from 'nestjs-factstr';
import type { z } from 'zod';
import { ApiEndpoint, ApiEndpoints } from '../http/endpoint.js';
import { FactsQuery } from '../http/input.js';
import { FactsDto } from './facts.dto.js';

@ApiEndpoints('Facts')
@Controller('facts')
export class FactsController {
  constructor(private readonly store: FactstrStore) {}

  @Get()
  @ApiEndpoint('Read the log, newest facts first', { 200: FactsDto })
  async latest(
    @Query({ schema: FactsQuery }) { before, limit }: z.output<typeof FactsQuery>,
  ): Promise<FactsDto> {
    const { event_records, current_context_version } = await this.store.query(factQuery(), {
      order: 'desc',
      limit,
      ...(before !== undefined && { upTo: before === 0n ? 0n : before - 1n }),
    });
    const oldest = event_records.at(-1)?.sequence_number ?? 1n;
    return {
      facts: event_records,
      head: current_context_version ?? 0n,
      next_before: oldest === 1n ? null : oldest,
    };
  }
}
