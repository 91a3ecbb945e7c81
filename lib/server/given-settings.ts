import { parseArgs } from 'node:util'
import { closest } from '../core/did-you-mean'
import { ConfigError, messageOf } from './config-error'
import type { Part, Setting } from './setting-kinds'
import type { GivenOptions, ValueOf } from './settings'
import { ALL_SETTINGS, flagOf, PREFIX, settingsOf, variableOf } from './settings'

type Environment = Readonly<Record<string, string | undefined>>

type Flags = Readonly<Record<string, string | boolean | undefined>>

/** The settings that are given: as a flag, else as a variable. Refuses unknown ones. */
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

  /** The value of a setting, or its default, or `undefined` where it has none. */
  read<S extends Setting<unknown>>(setting: S): ValueOf<S> {
    const given = this.#find(setting)
    if (!given) return setting.default as ValueOf<S>
    const { source, text } = given
    // Empty is what is left of a secret or a template variable that is missing, so it does not count as missing.
    const value = text === '' ? undefined : setting.parse(text)
    if (value !== undefined) return value as ValueOf<S>
    const got = setting.isSecret || setting.mayHoldSecret ? '' : `, got \`${text}\``
    throw new ConfigError(`${source} must be ${setting.expected}${got}`)
  }

  /** The options of a part of the package that settings give as they are. */
  readOptions<P extends Part>(part: P): GivenOptions<P> {
    const given = settingsOf(part)
      .filter(({ isValue, setting }) => isValue && this.#find(setting))
      .map(({ setting, option }) => [option, this.read(setting)])
    return Object.fromEntries(given)
  }

  /** The name that a setting is given under, if it is given. */
  sourceOf(setting: Setting<unknown>): string | undefined {
    return this.#find(setting)?.source
  }

  /** The names that settings are given under, of those that are given. */
  sourcesOf(settings: readonly Setting<unknown>[]): string[] {
    return settings.flatMap((setting) => this.sourceOf(setting) ?? [])
  }

  /** An error text of the package, with the settings that were given in place of the options of these parts. */
  withSettingNames(message: string, ...parts: Part[]): string {
    const names = new Map(
      parts.flatMap(settingsOf).flatMap(({ setting, option }) => {
        const source = this.sourceOf(setting)
        return source === undefined ? [] : [[option, source]]
      }),
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

/** Variables that Kubernetes sets for a service whose name begins like our prefix. */
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
