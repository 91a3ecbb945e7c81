import { parseArgs } from 'node:util'
import { closest } from '../core/did-you-mean'
import { ConfigError } from './config-error'
import { messageOf } from './files'
import type { Setting } from './settings'
import { ALL_SETTINGS, flagOf, PREFIX, variableOf } from './settings'

type Environment = Readonly<Record<string, string | undefined>>

type Flags = Readonly<Record<string, string | boolean | undefined>>

/** What {@link GivenSettings.readAll} finds: the values that are given, by the names that were asked for. */
type Values<Settings> = {
  [Name in keyof Settings]?: Settings[Name] extends Setting<infer T> ? T : never
}

/** What is given of the settings: a flag, else a variable. Refuses what it does not know. */
export class GivenSettings {
  readonly wantsHelp: boolean
  readonly wantsVersion: boolean
  readonly wantsNewSealingKey: boolean
  readonly #flags: Flags
  readonly #environment: Environment

  constructor(args: readonly string[], environment: Environment) {
    refuseUnknownVariables(environment)
    this.#environment = environment
    this.#flags = readFlags(args)
    this.wantsHelp = this.#flags.help === true
    this.wantsVersion = this.#flags.version === true
    this.wantsNewSealingKey = this.#flags['new-sealing-key'] === true
  }

  /** The value of a setting, or `undefined` where none is given. */
  read<T>(setting: Setting<T>): T | undefined {
    const given = this.#find(setting)
    if (!given) return undefined
    const { source, text } = given
    // Empty is what is left of a secret or a template variable that is missing, so it does not count as not given.
    const value = text === '' ? undefined : setting.parse(text)
    if (value !== undefined) return value
    const got = setting.isSecret || setting.mayHoldSecret ? '' : `, got \`${text}\``
    throw new ConfigError(`${source} must be ${setting.expected}${got}`)
  }

  readAll<Settings extends Record<string, Setting<unknown>>>(settings: Settings): Values<Settings> {
    const values = Object.entries(settings).map(([name, setting]) => [name, this.read(setting)])
    return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as Values<Settings>
  }

  /** The name that a setting is given under, if it is given. */
  sourceOf(setting: Setting<unknown>): string | undefined {
    return this.#find(setting)?.source
  }

  /** A refusal by the package, with its options under the names that their values were given under. */
  inOurNames(message: string, settingsOf: Readonly<Record<string, readonly Setting<unknown>[]>>): string {
    const names = new Map(
      Object.entries(settingsOf).map(([option, settings]) => [
        option,
        settings.map((setting) => this.sourceOf(setting)).find((source) => source !== undefined),
      ]),
    )
    return message.replace(/(?<=`)\w+/g, (word) => names.get(word) ?? word)
  }

  #find(setting: Setting<unknown>): { source: string; text: string } | undefined {
    const flag = this.#flags[flagOf(setting)]
    if (flag !== undefined) return { source: `--${flagOf(setting)}`, text: String(flag) }
    const text = this.#environment[variableOf(setting)]
    return text === undefined ? undefined : { source: variableOf(setting), text }
  }
}

function readFlags(args: readonly string[]): Flags {
  const names = ALL_SETTINGS.filter(({ isSecret }) => !isSecret).map(flagOf)
  const flags = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const help = { type: 'boolean', short: 'h' } as const
  const version = { type: 'boolean', short: 'v' } as const
  const newSealingKey = { type: 'boolean' } as const
  try {
    const options = { ...flags, help, version, 'new-sealing-key': newSealingKey }
    return parseArgs({ args: [...args], options }).values
  } catch (cause) {
    const [firstLine] = messageOf(cause).split(/\.?\n/)
    throw new ConfigError(`${firstLine}; see --help`, { cause })
  }
}

/** What Kubernetes puts into the environment for a service whose name begins like our prefix. */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_(TCP|UDP|SCTP)(_.*)?)?)$/

function refuseUnknownVariables(environment: Environment): void {
  const names = ALL_SETTINGS.map(variableOf)
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(PREFIX) || names.includes(name) || SERVICE_LINK.test(name)) continue
    const [suggestion] = closest(name, names)
    const hint = suggestion === undefined ? 'see --help' : `did you mean ${suggestion}?`
    throw new ConfigError(`the variable ${name} is not known; ${hint}`)
  }
}
