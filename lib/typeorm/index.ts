export { FactstrTypeOrmModule } from './factstr-typeorm.module.js';
export type { TransactionalContext } from './transactional-context.js';
