import { Controller, Get, Query } from '@nestjs/common';
import { FactstrStore, factQuery } from 'nestjs-factstr';
import type { EventRecord } from 'nestjs-factstr';
import { ApiEndpoint, ApiEndpoints } from '../http/endpoint.js';
import { FactsDto, FactsQueryDto } from './facts.dto.js';
import { headOf } from './head.js';

@ApiEndpoints('Facts')
@Controller('facts')
export class FactsController {
  constructor(private readonly store: FactstrStore) {}

  @Get()
  @ApiEndpoint('Read the log, newest facts first', { 200: FactsDto })
  async latest(@Query() { before, limit }: FactsQueryDto): Promise<FactsDto> {
    const head = await headOf(this.store);
    // Sequence numbers have no gaps, so a page's place in the log can be computed.
    const end = before === undefined || BigInt(before) > head ? head : BigInt(before) - 1n;
    const start = end > BigInt(limit) ? end - BigInt(limit) : 0n;
    const facts: EventRecord[] = [];
    const after = { ...factQuery(), min_sequence_number: start };
    for await (const fact of this.store.read(after, { pageSize: limit })) {
      if (fact.sequence_number > end) break;
      facts.unshift(fact);
    }
    return { facts, head, next_before: start === 0n ? null : start + 1n };
  }
}
