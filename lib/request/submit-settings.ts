import { isDeepStrictEqual } from 'node:util'
import { didYouMean } from '../core/did-you-mean'
import { abbreviated, illegalArgument, QueryError } from '../core/errors'
import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'
import { isValueObject } from '../core/result'
import { isTimeZone } from '../core/time-zone'
import type { Work } from '../core/turns'
import type { JsonNode } from '../json/parse'
import { printValue } from './submit-params'

/** What is wrong with a value that is not null, in the words of Elasticsearch. */
type FindFault = (value: Value, name: string) => string | undefined

/** Every setting that a body can have (Elasticsearch's `QuerySettings`). */
const SETTINGS = {
  time_zone: (value, name) => {
    if (typeof value !== 'string') return wrongType(name, 'KEYWORD')
    return isTimeZone(abbreviated(value))
      ? undefined
      : invalid(name, `Invalid time zone [${printValue(value)}]`)
  },
  project_routing: (value, name) => (typeof value === 'string' ? undefined : wrongType(name, 'KEYWORD')),
  approximation: (value, name) => {
    const fault = approximationFault(value)
    return fault === undefined ? undefined : invalid(name, fault)
  },
  column_metadata: (value, name) => {
    if (typeof value === 'boolean' || value === 'true' || value === 'false') return undefined
    if (typeof value !== 'string') return wrongType(name, 'BOOLEAN')
    return invalid(
      name,
      `Failed to parse value [${printValue(value)}] as only [true] or [false] are allowed.`,
    )
  },
} as const satisfies Readonly<Record<string, FindFault>>

type SettingName = keyof typeof SETTINGS

const NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** The settings that are fields of the body too. */
const ALIASES = ['time_zone', 'project_routing', 'approximation'] as const satisfies readonly SettingName[]

/** A body, as far as settings go. */
export type SettingFields = { readonly [Name in (typeof ALIASES)[number]]?: Value } & {
  readonly settings?: Value
}

/** The value of each setting that is set. Null sets nothing. */
export type Settings = { [Name in SettingName]?: Value }

/** Reads the field `settings`. Throws `x_content_parse_exception` for a name that is no setting. */
export function* readSettings(node: JsonNode): Work<ValueObject> {
  const isUnknown = (name: string): boolean => !Object.hasOwn(SETTINGS, name)
  if (!Object.keys(node.value ?? {}).some(isUnknown)) return node.value as ValueObject
  const fields = yield* node.source.fieldsAt(node.start)
  const { name = '', location = node.location } = fields.find((field) => isUnknown(field.name)) ?? {}
  const shown = abbreviated(name)
  const suggestion = didYouMean(shown, NAMES)
  const reason = `${location} [settings] unknown field [${shown}]${suggestion ? ` ${suggestion}` : ''}`
  throw new QueryError('x_content_parse_exception', reason)
}

function isAlias(name: SettingName): name is (typeof ALIASES)[number] {
  return (ALIASES as readonly SettingName[]).includes(name)
}

/** The settings of a body, from its fields and from `settings`. Throws if one has two values that differ. */
export function settingsOf(fields: SettingFields): Settings {
  const nested = isValueObject(fields.settings) ? fields.settings : {}
  const settings: Settings = {}
  for (const name of NAMES) {
    const inner = nested[name] ?? undefined
    const value = (isAlias(name) ? fields[name] : undefined) ?? inner
    if (inner !== undefined && !isDeepStrictEqual(comparable(value), comparable(inner))) {
      throw illegalArgument(
        `Setting [${name}] has conflicting values at the top level of the request body and under [settings]; ` +
          'specify it in only one place, or with the same value in both.',
      )
    }
    if (value !== undefined && value !== null) settings[name] = value
  }
  return settings
}

/** Throws `verification_exception` for the first value that its setting cannot have. */
export function validateSettings(settings: Settings): void {
  for (const name of NAMES) {
    const value = settings[name]
    const fault = value === undefined ? undefined : SETTINGS[name](value, name)
    if (fault !== undefined) throw new QueryError('verification_exception', fault)
  }
}

/** Whether the answer shows the metadata of its columns. */
export function showsColumnMetadata({ column_metadata: asked, approximation = false }: Settings): boolean {
  return asked === true || asked === 'true' || approximation !== false
}

const DEFAULT_APPROXIMATION = { rows: null, confidence_level: 0.9 }

function comparable(value: Value | undefined): unknown {
  if (value === true) return DEFAULT_APPROXIMATION
  return isObject(value) ? { ...DEFAULT_APPROXIMATION, ...value } : value
}

function approximationFault(value: Value): string | undefined {
  if (typeof value === 'boolean') return undefined
  if (!isObject(value)) return `Invalid approximation configuration [${printValue(value)}]`
  for (const [key, item = null] of Object.entries(value)) {
    const fault = memberFault(key, item)
    if (fault !== undefined) return `Approximation configuration ${fault}`
  }
  return undefined
}

function memberFault(key: string, value: Value): string | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint'
  switch (key) {
    case 'rows':
      if (value === null) return undefined
      if (!isNumber || Number(value) !== (Number(value) | 0)) return '[rows] must be an integer value'
      return value >= 10_000 ? undefined : '[rows] must be at least 10000'
    case 'confidence_level':
      if (value === null) return undefined
      if (!isNumber) return '[confidence_level] must be a double value'
      return value >= 0.5 && value <= 0.95 ? undefined : '[confidence_level] must be between 0.5 and 0.95'
    default:
      return `contains unknown key [${abbreviated(key)}]`
  }
}

function wrongType(name: string, type: string): string {
  return `Setting [${name}] must be of type ${type}`
}

function invalid(name: string, detail: string): string {
  return `Error validating setting [${name}]: ${detail}`
}
