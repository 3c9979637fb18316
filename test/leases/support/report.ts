/** A measurement, for whoever reads the run: written past Jest, which would add a stack to each line. */
export function report(line: string): void {
  process.stderr.write(`    ${line}\n`);
}
