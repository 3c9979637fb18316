// As an application tells its facts.
import 'nestjs-factstr';

declare module 'nestjs-factstr' {
  interface FactMap {
    'item-added': {
      sku: string;
      amount?: number;
      tags: string[];
      place: { row: number; shelf: number };
    };
    'item-removed': { sku: string; reason: 'sold' | 'broken' };
    counted: number;
  }
}
