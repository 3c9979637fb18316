import type { StandardSchema } from '../standard-schema.js';
import { arktypeShape, isArktype } from './arktype.shape.js';
import { changed } from './shape.js';
import type { Shape } from './shape.js';
import { isValibot, valibotShape } from './valibot.shape.js';
import { isZod, zodShape } from './zod.shape.js';

/** The shape of a schema, by what its library publishes of it. */
export function shapeOf(schema: StandardSchema): Shape {
  const { vendor } = schema['~standard'];
  if (vendor === 'zod' && isZod(schema)) return zodShape(schema);
  if (vendor === 'valibot' && isValibot(schema)) return valibotShape(schema);
  if (vendor === 'arktype' && isArktype(schema)) return arktypeShape(schema);
  return changed(`a schema whose structure is not known here (${vendor.slice(0, 40)})`);
}
