// Run by `machine-time.spec.ts`: wants to run all the time, until it is killed.
process.send!('busy');
for (;;);
