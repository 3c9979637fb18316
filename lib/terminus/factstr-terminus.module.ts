import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { FactstrHealthIndicator } from './factstr.health-indicator.js';

/**
 * Provides `FactstrHealthIndicator`, and what `@nestjs/terminus` provides. To be imported by the module with the health
 * controller; `FactstrModule` is imported by the application as ever.
 *
 * @publicApi
 */
@Module({
  imports: [TerminusModule],
  providers: [FactstrHealthIndicator],
  exports: [FactstrHealthIndicator, TerminusModule],
})
export class FactstrTerminusModule {}
