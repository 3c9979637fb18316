import { Controller, Module, UseGuards, VERSION_NEUTRAL } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { DashboardController } from './dashboard.controller.js';
import { checkOptions } from './dashboard.options.js';
import type { FactstrDashboardOptions } from './dashboard.options.js';
import { DASHBOARD_OPTIONS, DashboardService } from './dashboard.service.js';

/**
 * A page for operators: projections, facts, parked facts, a live tail. Import it once, beside `FactstrModule`:
 * ```ts
 * FactstrDashboardModule.forRoot({ path: 'factstr', guards: [AdminGuard], payloads: 'redacted', actions: true })
 * ```
 *
 * @publicApi
 */
@Module({})
export class FactstrDashboardModule {
  /** @throws InvalidOptionsError for options that do not fit, and where there are neither guards nor `public: true` */
  static forRoot(options: FactstrDashboardOptions): DynamicModule {
    const checked = checkOptions(options);
    class FactstrDashboardController extends DashboardController {}
    // A browser names no version: the page is there whichever versions the application’s controllers have.
    Controller({ path: checked.path, version: VERSION_NEUTRAL })(FactstrDashboardController);
    if (checked.guards.length > 0) UseGuards(...checked.guards)(FactstrDashboardController);
    return {
      module: FactstrDashboardModule,
      imports: checked.imports,
      controllers: [FactstrDashboardController],
      providers: [{ provide: DASHBOARD_OPTIONS, useValue: checked }, DashboardService],
    };
  }
}
