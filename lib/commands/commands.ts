import { closest } from '../core/did-you-mean'
import { ConfigError } from '../server/config-error'
import { EXIT } from './exit-codes'

/** What the command line can do besides starting a gateway. */
export interface Command {
  /** What it does, in a few words. */
  about: string
  /** Takes the arguments behind its name, and resolves with an exit code. May throw a {@link ConfigError}. */
  run(args: readonly string[]): Promise<number>
}

/**
 * By their names. What is named like a flag may stand behind flags, as those of the gateway do. Each loads its file when it runs: a
 * gateway that starts needs none of them.
 */
const COMMANDS: Readonly<Record<string, Command>> = {
  '--tour': {
    about: 'play the whole story: submit, poll, wait, formats, stop, delete',
    run(args) {
      const { runTour }: typeof import('./tour/tour') = require('./tour/tour')
      return runTour(args)
    },
  },
  '--check': {
    about: 'ask whether the gateway could start: settings, keys, cluster, database',
    run(args) {
      const { runCheck }: typeof import('./check/check') = require('./check/check')
      return runCheck(args)
    },
  },
  double: {
    about: 'start a double for tests of clients',
    run(args) {
      const { runDouble }: typeof import('./double') = require('./double')
      return runDouble(args)
    },
  },
  verify: {
    about: 'ask a server whether it keeps the contract of the API',
    run(args) {
      const { runVerify }: typeof import('./verify') = require('./verify')
      return runVerify(args)
    },
  },
  record: {
    about: 'record the queries of a cluster, for tests without one',
    run(args) {
      const { runRecord }: typeof import('./record') = require('./record')
      return runRecord(args)
    },
  },
}

/** The commands that are named like flags. */
export const COMMAND_FLAGS = Object.keys(COMMANDS).filter((name) => name.startsWith('--'))

/** What somebody may mean who begins with a word. */
const WORDS = new Map(
  [...Object.keys(COMMANDS), '--help', '--version'].map((name) => [name.replace(/^--/, ''), name]),
)

/**
 * Runs the command that the first argument names, and resolves with its exit code. `undefined` if it names none: the
 * arguments are then those of the gateway.
 */
export async function runCommand(args: readonly string[]): Promise<number | undefined> {
  const at = args.findIndex(
    (arg, index) => (index === 0 || arg.startsWith('--')) && Object.hasOwn(COMMANDS, arg),
  )
  const [name = ''] = args.slice(Math.max(at, 0))
  try {
    const rest = args.toSpliced(Math.max(at, 0), 1)
    const other = rest.find((arg) => COMMAND_FLAGS.includes(arg))
    if (at >= 0 && other !== undefined) throw new ConfigError(`give one of the commands ${name} and ${other}`)
    if (at >= 0) return await COMMANDS[name]?.run(rest)
    if (name === '' || name.startsWith('-')) return undefined
    const [word = ''] = closest(name, WORDS.keys())
    const meant = WORDS.get(word)
    // A word that is similar to none may be a secret in the wrong place.
    if (!meant)
      throw new ConfigError(`the first argument is no command; without one, a gateway starts; see --help`)
    throw new ConfigError(`the command ${name} is not known; did you mean ${meant}?`)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`express-esql-async-query: ${error.message}\n`)
    return EXIT.notDone
  }
}

export function describeCommands(): string {
  const rows = Object.entries(COMMANDS).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  return `Commands, each with a --help of its own:\n\n${rows.join('\n')}\n`
}
