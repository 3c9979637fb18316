import type { Command } from 'commander';
import type { Symptom } from '../../operations/doctor/symptom.js';
import { jsonOption, wholeNumber } from '../arguments.js';
import { plain } from '../format.js';
import type { CommandIo, DatabaseOptions } from '../io.js';

interface DoctorOptions extends DatabaseOptions {
  readonly slow: number;
  readonly json?: true;
}

const DEFAULT_SLOW_MS = 60_000;
const MARKS: Readonly<Record<Symptom['level'], string>> = { finding: '✗', note: 'i', good: '✓' };

export function register(program: Command, io: CommandIo): void {
  program
    .command('doctor')
    .description('looks for what endangers promises or stops work; exit 1 where it finds something')
    .option(
      '--slow <ms>',
      'Postgres: from when on a transaction, or a wait for a lock, is told',
      wholeNumber,
      DEFAULT_SLOW_MS,
    )
    .addOption(jsonOption())
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<DoctorOptions>();
      const { examine } = await import('../../operations/doctor/doctor.js');
      const symptoms = await examine(await io.open(options), { slow: options.slow });
      for (const symptom of symptoms) {
        await (options.json ? io.printJson(symptom) : io.print(shown(symptom)));
      }
      if (symptoms.some(({ level }) => level === 'finding')) io.finding();
    });
}

function shown({ check, level, says, wayOut }: Symptom): string {
  const line = `${MARKS[level]} ${check}: ${plain(says)}`;
  return wayOut === undefined ? line : `${line}\n    → ${plain(wayOut)}`;
}
