import { readFileSync } from 'node:fs'
import { messageOf } from '../core/message-of'
import { ConfigError } from '../server/config-error'
import { parseFlags, withValues } from '../server/given-settings'
import type { Setting } from '../server/setting-kinds'
import { BOOLEAN, PLAIN_URL } from '../server/setting-kinds'

/** A flag of a command. Its name comes from its key: `maxSeconds` is `--max-seconds`. */
export interface Flag<T> extends Pick<Setting<T>, 'placeholder' | 'about' | 'expected' | 'parse'> {
  default?: T
  isRequired?: boolean
}

type Flags = Readonly<Record<string, Flag<unknown>>>

type Values<Table extends Flags> = {
  [Key in keyof Table]:
    | Exclude<ReturnType<Table[Key]['parse']>, undefined>
    | (Table[Key] extends { default: unknown } | { isRequired: true } ? never : undefined)
}

/** The server that a command asks. */
export const SERVER_URL = {
  ...PLAIN_URL,
  parse: (text: string) => PLAIN_URL.parse(text)?.href,
  isRequired: true,
} as const

/** `'help'` where that is asked for. Throws a {@link ConfigError} for unknown, bad and missing flags. */
export function readFlags<const Table extends Flags>(
  args: readonly string[],
  table: Table,
): Values<Table> | 'help' {
  const names = Object.keys(table).map((key) => [nameOf(key), { type: 'string' as const }])
  const switches = Object.entries(table)
    .filter(([, { placeholder }]) => placeholder === BOOLEAN.placeholder)
    .map(([key]) => `--${nameOf(key)}`)
  const given = parseFlags(withValues(args, new Set(switches)), {
    ...Object.fromEntries(names),
    help: { type: 'boolean', short: 'h' },
  })
  if (given.help === true) return 'help'
  const values = Object.entries(table).map(([key, flag]) => [
    key,
    readFlag(nameOf(key), given[nameOf(key)], flag),
  ])
  return Object.fromEntries(values)
}

function readFlag(name: string, text: unknown, flag: Flag<unknown>): unknown {
  if (text === undefined) {
    if (flag.isRequired) throw new ConfigError(`--${name} is missing; see --help`)
    return flag.default
  }
  const value = text === '' ? undefined : flag.parse(String(text))
  if (value === undefined) throw new ConfigError(`--${name} must be ${flag.expected}, got \`${text}\``)
  return value
}

/** The flags as `--help` shows them. */
export function describeFlags(table: Flags): string {
  const rows = Object.entries(table).map(([key, flag]) => {
    const note = flag.isRequired ? ' [required]' : flag.default === undefined ? '' : ` [${flag.default}]`
    return `  --${nameOf(key)} ${flag.placeholder}\n      ${flag.about}${note}`
  })
  return rows.join('\n')
}

/** The text of a file, without the line break that `echo` adds. Throws a {@link ConfigError}. */
export function readTextFile(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/[\r\n]+$/, '')
  } catch (cause) {
    throw new ConfigError(`--${flag} names a file that cannot be read: ${messageOf(cause)}`, { cause })
  }
}

/** Credentials in a file. Nothing of it is shown in errors: it may hold a secret of another kind. */
export function readCredentials(flag: string, file: string, what: string): string {
  const text = readTextFile(flag, file)
  if (/^[!-~]+( [!-~]+)*$/.test(text)) return text
  throw new ConfigError(`--${flag} names a file without ${what}: ${file}`)
}

function nameOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
