import { Injectable } from '@nestjs/common';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { map } from 'rxjs';
import type { Observable } from 'rxjs';
import { toJson } from './to-json.js';

/**
 * Lets controllers return records and results: bigints leave as decimal text, also in server-sent events.
 * Register it with `app.useGlobalInterceptors(new FactstrJsonInterceptor())` or on a controller. In OpenAPI such a
 * property is `{ type: String, format: 'int64' }`.
 *
 * @publicApi
 */
@Injectable()
export class FactstrJsonInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(map(toJson));
  }
}
