import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

const LOOPBACK = ['127.0.0.1', '::1', '::ffff:127.0.0.1'];
const HERE = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Admits what comes from this machine and asks for it by its own name. An application with users admits its operators
 * instead; behind a proxy on this machine everything comes from it.
 */
@Injectable()
export class LocalOperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { socket, hostname } = context.switchToHttp().getRequest<Request>();
    return LOOPBACK.includes(socket.remoteAddress ?? '') && HERE.includes(hostname);
  }
}
