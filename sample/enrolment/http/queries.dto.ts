import { Sequence } from './fields.js';

/** Asks for a view that contains the effect of a command. */
export class ViewQueryDto {
  @Sequence(
    'Waits up to 3 s until the read model contains the fact of this sequence number. The answer’s ' +
      '`position` tells whether it does.',
  )
  at_least?: string;
}
