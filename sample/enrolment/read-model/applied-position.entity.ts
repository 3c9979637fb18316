import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the read model is: written in the transaction that applies the facts. */
@Entity('applied_positions')
export class AppliedPosition {
  @PrimaryColumn('text')
  projection!: string;

  // Drivers give 64-bit integers as number (SQLite) or text (Postgres).
  @Column('bigint', { transformer: { to: String, from: BigInt } })
  sequence_number!: bigint;
}
