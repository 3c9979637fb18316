import { userInfo } from 'node:os';
import { Module } from '@nestjs/common';
import { FactstrDashboardModule } from 'nestjs-factstr/dashboard';
import { FactstrPrometheusModule } from 'nestjs-factstr/prometheus';
import { FactstrTerminusModule } from 'nestjs-factstr/terminus';
import { course, coursesOf, roster, student } from '../enrolment/domain/models.js';
import { HealthController } from './health.controller.js';
import { LocalOperatorGuard } from './local-operator.guard.js';
import { MetricsController } from './metrics.controller.js';

/** What an operator looks at: the page at `/factstr`, health at `/health/ready` and `/health/live`, and `/metrics`. */
@Module({
  imports: [
    FactstrTerminusModule,
    FactstrPrometheusModule.forRoot(),
    FactstrDashboardModule.forRoot({
      path: 'factstr',
      guards: [LocalOperatorGuard],
      payloads: 'shown',
      actions: true,
      by: () => userInfo().username,
      models: [course, roster, student, coursesOf],
    }),
  ],
  controllers: [HealthController, MetricsController],
})
export class OperationsModule {}
