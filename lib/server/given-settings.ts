import { parseArgs } from 'node:util'
import { closest } from '../closest'
import { ConfigError } from './config-error'
import type { Setting } from './settings'
import { ALL_SETTINGS, flagOf, PREFIX, variableOf } from './settings'

/** What is given of the {@link SETTINGS}: a flag, else a variable. Refuses what it does not know. */
export class GivenSettings {
  readonly wantsHelp: boolean
  readonly wantsVersion: boolean
  readonly #flags: Readonly<Record<string, string>>
  readonly #environment: Readonly<Record<string, string | undefined>>

  constructor(args: readonly string[], environment: Readonly<Record<string, string | undefined>>) {
    const { help, version, ...flags } = readFlags(args)
    this.wantsHelp = help !== undefined
    this.wantsVersion = version !== undefined
    this.#flags = flags
    this.#environment = environment
    refuseUnknownVariables(environment)
  }

  /** The value of a setting, or `undefined` where none is given. */
  read<T>(setting: Setting<T>): T | undefined {
    const source = this.sourceOf(setting)
    if (source === undefined) return undefined
    const text = this.#flags[flagOf(setting)] ?? this.#environment[variableOf(setting)] ?? ''
    // Empty is what is left of a secret or a template variable that is missing, so it does not count as not given.
    const value = text === '' ? undefined : setting.parse(text)
    if (value !== undefined) return value
    const got = setting.isSecret ? '' : `, got \`${text}\``
    throw new ConfigError(`${source} must be ${setting.expected}${got}`)
  }

  /** The name that a setting is given under, if it is given. */
  sourceOf(setting: Setting<unknown>): string | undefined {
    if (this.#flags[flagOf(setting)] !== undefined) return `--${flagOf(setting)}`
    return this.#environment[variableOf(setting)] === undefined ? undefined : variableOf(setting)
  }
}

const SWITCHES = ['help', 'version']

function readFlags(args: readonly string[]): Record<string, string> {
  const names = ALL_SETTINGS.filter(({ isSecret }) => !isSecret).map(flagOf)
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([
      ...names.map((name) => [name, { type: 'string' as const }]),
      ...SWITCHES.map((name) => [name, { type: 'boolean' as const, short: name.charAt(0) }]),
    ]),
    // The refusals of `parseArgs` run over several lines and suggest nothing.
    strict: false,
    tokens: true,
  })
  const flags: Record<string, string> = {}
  for (const token of tokens) {
    if (token.kind !== 'option') throw new ConfigError('arguments other than flags are not known; see --help')
    const { name, rawName, value } = token
    if (!names.includes(name) && !SWITCHES.includes(name)) {
      const flagNames = names.map((known) => `--${known}`)
      throw new ConfigError(`the flag ${rawName} is not known; ${hint(rawName, flagNames)}`)
    }
    if (names.includes(name) && value === undefined) throw new ConfigError(`${rawName} needs a value`)
    if (SWITCHES.includes(name) && value !== undefined) throw new ConfigError(`${rawName} takes no value`)
    flags[name] = value ?? ''
  }
  return flags
}

/** What Kubernetes puts into the environment for a service whose name begins like our prefix. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?)$/

function refuseUnknownVariables(environment: Readonly<Record<string, string | undefined>>): void {
  const names = ALL_SETTINGS.map(variableOf)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || names.includes(name) || SERVICE_LINK.test(name)) continue
    throw new ConfigError(`the variable ${name} is not known; ${hint(name, names)}`)
  }
}

function hint(name: string, known: readonly string[]): string {
  const [suggestion] = closest(name, known)
  return suggestion === undefined ? 'see --help' : `did you mean ${suggestion}?`
}

/** An object without the entries that are undefined, which an optional property may not be. */
export function present<T extends object>(values: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>
  }
}
