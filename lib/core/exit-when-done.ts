/**
 * Ends the process as soon as nothing is left to do. Node.js does that by itself, but a signal that comes meanwhile then takes the
 * place of the exit code, and npm sends each Ctrl-C twice.
 */
export function exitWhenDone(): void {
  process.once('beforeExit', () => process.exit())
}
