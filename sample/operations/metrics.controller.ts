import { Controller, Get, Header, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { register } from 'prom-client';
import { LocalOperatorGuard } from './local-operator.guard.js';

/** For Prometheus on this machine. */
@ApiExcludeController()
@UseGuards(LocalOperatorGuard)
@Controller('metrics')
export class MetricsController {
  @Get()
  @Header('content-type', register.contentType)
  scrape(): Promise<string> {
    return register.metrics();
  }
}
