import { closest } from '../core/did-you-mean'
import { ConfigError } from '../server/config-error'

/** What the command line can do besides starting a gateway. */
export interface Command {
  /** Takes the arguments behind its name, and resolves with an exit code. May throw a {@link ConfigError}. */
  run(args: readonly string[]): Promise<number>
}

/** Each is loaded when it runs, so that no other one takes longer to start. */
const COMMANDS: Readonly<Record<string, { about: string; load: () => Command }>> = {
  double: {
    about: 'start a double for tests of clients',
    load: () => (require('./double') as typeof import('./double')).doubleCommand,
  },
  verify: {
    about: 'ask a server whether it keeps the contract of the API',
    load: () => (require('./verify') as typeof import('./verify')).verifyCommand,
  },
}

/** Nothing could be done: the flags are wrong, or what the command needs is not there. */
export const CANNOT_RUN = 2

/**
 * Runs the command that the first argument names, and resolves with its exit code. `undefined` if it names none: the
 * arguments are then those of the gateway.
 */
export async function runCommand([name = '', ...args]: readonly string[]): Promise<number | undefined> {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  try {
    if (command) return await command.load().run(args)
    const [suggestion] = closest(name, Object.keys(COMMANDS))
    if (suggestion === undefined) return undefined
    throw new ConfigError(`the command ${name} is not known; did you mean ${suggestion}?`)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`express-esql-async-query: ${error.message}\n`)
    return CANNOT_RUN
  }
}

export function describeCommands(): string {
  const rows = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  return `Commands, each with a --help of its own:\n\n${rows.join('\n')}\n`
}
