import { NotFoundException } from '@nestjs/common';
import type { CheckedOptions } from '../dashboard.options.js';
import type { DashboardService } from '../dashboard.service.js';
import type { Payloads } from '../payloads.js';
import { factView } from './fact.view.js';
import { factsView, tailView } from './facts.view.js';
import type { View } from './layout.js';
import { modelsView } from './models.view.js';
import { projectionView } from './projection.view.js';
import { projectionsView } from './projections.view.js';

/** The view that an address asks for. @throws NotFoundException, and what the store throws */
export async function viewOf(
  asked: URLSearchParams,
  service: DashboardService,
  options: CheckedOptions,
  payloads: Payloads,
): Promise<View> {
  switch (asked.get('view') ?? 'projections') {
    case 'projections':
      return projectionsView(service, payloads);
    case 'projection':
      return projectionView(asked, service, options, payloads);
    case 'facts':
      return factsView(asked, service, payloads);
    case 'fact':
      return factView(asked, service, payloads);
    case 'tail':
      return tailView(asked, service, payloads);
    case 'models':
      return modelsView(asked, service, options, payloads);
    default:
      throw new NotFoundException('There is no such view.');
  }
}
