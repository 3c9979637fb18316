import { BadRequestException, ValidationPipe } from '@nestjs/common';
import type { ValidationError } from 'class-validator';

/** Refuses malformed input as `{ reason, message, fields }`, so that a form can say what is wrong where. */
export function inputPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    transform: true,
    exceptionFactory: (errors: ValidationError[]) => {
      const fields = errors.map(({ property, constraints = {} }) => ({
        field: property,
        message: Object.values(constraints)[0] ?? `${property} is not valid`,
      }));
      const message = fields.map((field) => field.message).join('. ');
      return new BadRequestException({ reason: 'invalid-input', message, fields });
    },
  });
}
