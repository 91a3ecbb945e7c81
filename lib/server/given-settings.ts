import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import type { ParseArgsConfig } from 'node:util'
import { parseArgs } from 'node:util'
import { messageOf } from '../core/message-of'
import { ConfigError } from './config-error'
import { nearMisses, similarTo, unknownVariables } from './near-misses'
import type { Part, Setting } from './setting-kinds'
import { BOOLEAN } from './setting-kinds'
import type { GivenOptions, ValueOf } from './settings'
import { ALL_SETTINGS, flagOf, optionsOf, variableOf } from './settings'

const ACTIONS = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
  'new-sealing-key': { type: 'boolean' },
  'postgres-schema': { type: 'boolean' },
} as const

const SWITCHES = new Set(
  ALL_SETTINGS.filter(({ placeholder }) => placeholder === BOOLEAN.placeholder).map(
    (setting) => `--${flagOf(setting)}`,
  ),
)

type Environment = Readonly<Record<string, string | undefined>>

type Flags = Readonly<Record<string, string | boolean | undefined>>

/** What stands for a setting that is no flag. */
const ONLY_VARIABLES = new Map(
  ALL_SETTINGS.filter(({ isSecret }) => isSecret).map((setting) => [
    flagOf(setting),
    `the variable ${variableOf(setting)}`,
  ]),
)

/** The settings that are given: as a flag, else as a variable. Refuses unknown flags. */
export class GivenSettings {
  /** What else than to serve the command line asks for. */
  readonly action: keyof typeof ACTIONS | undefined
  readonly #flags: Flags
  readonly #environment: Environment

  /** `commands`: flags that others read, for whoever mistypes one. */
  constructor(args: readonly string[], environment: Environment, commands: readonly string[] = []) {
    this.#environment = environment
    this.#flags = readFlags(args, commands)
    const actions = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[]
    this.action = actions.find((action) => this.#flags[action] === true)
  }

  /** The value of a setting, or its default, or `undefined` where it has none. */
  read<S extends Setting<unknown>>(setting: S): ValueOf<S> {
    const given = this.#find(setting)
    if (!given) return setting.default as ValueOf<S>
    const { source, text } = given
    // A missing secret or template variable leaves an empty text behind, so empty is an error and not a missing value.
    const value = text === '' ? undefined : setting.parse(text)
    if (value !== undefined) return value as ValueOf<S>
    const got = setting.isSecret || setting.mayHoldSecret ? '' : `, got \`${text}\``
    throw new ConfigError(`${source} must be ${setting.expected}${got}`)
  }

  /** The options of a part of the package that settings give as they are. */
  readOptions<P extends Part>(part: P): GivenOptions<P> {
    const given = optionsOf(part)
      .filter(([option, setting]) => setting.option === `${part}.${option}` && this.#find(setting))
      .map(([option, setting]) => [option, this.read(setting)])
    return Object.fromEntries(given)
  }

  /**
   * The file that a setting names. A text comes without a byte order mark and without line breaks at its end: `echo
   * secret > file` adds one. Throws if the setting that the file replaces is given too.
   */
  readFile(setting: Setting<string>, replaced?: Setting<unknown>): Buffer | undefined {
    const path = this.read(setting)
    if (path === undefined) return undefined
    const source = this.sourceOf(setting)
    const others = this.sourcesOf(replaced ? [replaced] : [])
    if (others.length > 0) throw new ConfigError(`${others} and ${source} are both set; remove one`)
    const bytes = bytesOf(path, `${source}`)
    if (!isUtf8(bytes)) return bytes
    const text = new TextDecoder().decode(bytes).replace(/[\r\n]+$/, '')
    if (text.trim() === '') throw new ConfigError(`${source} names an empty file: ${path}`)
    return Buffer.from(text)
  }

  sourceOf(setting: Setting<unknown>): string | undefined {
    return this.#find(setting)?.source
  }

  /** The same for several settings. Leaves out settings that are not given. */
  sourcesOf(settings: readonly Setting<unknown>[]): string[] {
    return settings.flatMap((setting) => this.sourceOf(setting) ?? [])
  }

  /** Throws a {@link ConfigError} for a variable with our prefix that is no setting. */
  refuseUnknownVariables(): void {
    for (const { name, meant } of unknownVariables(this.#environment)) {
      const hint = meant === undefined ? 'see --help' : `did you mean ${meant}?`
      throw new ConfigError(`the variable ${name} is not known; ${hint}`)
    }
  }

  /** Throws a {@link ConfigError} for a value that is not as expected, even of a setting that nothing would read. */
  refuseBadValues(): void {
    for (const setting of ALL_SETTINGS) this.read(setting)
  }

  /** A line for each variable that looks like a setting which is not given. */
  get nearMisses(): string[] {
    return nearMisses(this.#environment, (setting) => this.#find(setting) !== undefined)
  }

  /** An error text of the package, with the settings that were given in place of the options of these parts. */
  withSettingNames(message: string, ...parts: Part[]): string {
    const names = new Map(
      parts.flatMap(optionsOf).flatMap(([option, setting]) => {
        const source = this.sourceOf(setting)
        return source === undefined ? [] : [[option, source]]
      }),
    )
    return message.replace(/(?<=`)\w+/g, (word) => names.get(word) ?? word)
  }

  #find(setting: Setting<unknown>): { source: string; text: string } | undefined {
    const flag = this.#flags[flagOf(setting)]
    if (flag !== undefined) return { source: `--${flagOf(setting)}`, text: String(flag) }
    const names = [variableOf(setting), ...(setting.alias === undefined ? [] : [setting.alias])]
    for (const source of names) {
      const text = this.#environment[source]
      if (text !== undefined) return { source, text }
    }
    return undefined
  }
}

function bytesOf(path: string, source: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new ConfigError(`${source} names a file that cannot be read: ${messageOf(cause)}`, { cause })
  }
}

function readFlags(args: readonly string[], commands: readonly string[]): Flags {
  const names = ALL_SETTINGS.filter(({ isSecret }) => !isSecret).map(flagOf)
  const flags = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const others = new Map([...ONLY_VARIABLES, ...commands.map((flag) => [flag.slice(2), flag] as const)])
  return parseFlags(withValues(args, SWITCHES), { ...flags, ...ACTIONS }, others)
}

/**
 * Reads a command line. Throws a {@link ConfigError} that quotes no argument that may be a secret. `others`: what there is of other
 * names, to suggest it.
 */
export function parseFlags(
  args: readonly string[],
  options: NonNullable<ParseArgsConfig['options']>,
  others: ReadonlyMap<string, string> = new Map(),
): Flags {
  try {
    return parseArgs({ args: [...args], options }).values as Flags
  } catch (cause) {
    const [firstLine = ''] = messageOf(cause).split(/\.?\n/)
    const [, valued] = /^Option '(?:-\w, )?(--[a-z-]+)/.exec(firstLine) ?? []
    if (valued !== undefined) {
      const isTooMuch = firstLine.endsWith('does not take an argument')
      throw new ConfigError(`the flag ${valued} ${isTooMuch ? 'takes no' : 'needs a'} value`, { cause })
    }
    const [, flag = '', name] = /^Unknown option '(--?([^']+))'/.exec(firstLine) ?? []
    // An argument without the form of a flag may be a secret in the wrong place.
    const isPlain = /'--?[a-z-]+'$/.test(firstLine)
    const known = new Map([...Object.keys(options).map((key) => [key, `--${key}`] as const), ...others])
    const meant = name === undefined ? undefined : similarTo(name, known)
    if (!isPlain && !meant) throw new ConfigError('an argument belongs to no flag; see --help')
    const text = `${isPlain ? `the flag ${flag}` : 'a flag'} is not known`
    const hint = meant === undefined ? 'see --help' : `did you mean ${meant}?`
    throw new ConfigError(meant === flag ? `the flag ${flag} takes no value` : `${text}; ${hint}`, { cause })
  }
}

/** A boolean flag may stand alone: `--watch` is `--watch=true`. */
export function withValues(args: readonly string[], switches: ReadonlySet<string>): string[] {
  return args.map((arg, index) => {
    const next = args[index + 1]
    const isAlone = next === undefined || next.startsWith('-')
    return isAlone && switches.has(arg) ? `${arg}=true` : arg
  })
}
