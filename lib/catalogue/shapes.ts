import { closest } from '../core/did-you-mean'
import { isObject } from '../core/is-object'
import type { Value, ValueObject } from '../core/result'

/**
 * What a value of a catalogue has to be. It reads values, and has the JSON schema that says the same, so that editors and the
 * parser cannot disagree.
 */
export interface Shape<T> {
  /** Draft-07. */
  readonly schema: ValueObject
  /** Throws an error that says what is wrong at `where`, and what fits. */
  read(value: Value, where: string): T
}

type Fields = Readonly<Record<string, Shape<unknown>>>

type Read<S> = S extends Shape<infer T> ? T : never

/** The fields of an object that are there. */
export type ReadFields<F extends Fields> = { readonly [Name in keyof F]?: Read<F[Name]> }

export const TEXT: Shape<string> = text('a text', {})
export const BOOLEAN: Shape<boolean> = {
  schema: { type: 'boolean' },
  read: (value, where) => (typeof value === 'boolean' ? value : refuse(where, 'true or false')),
}
export const ANYTHING: Shape<Value> = { schema: {}, read: (value) => value }
export const ANY_OBJECT: Shape<ValueObject> = {
  schema: { type: 'object' },
  read: (value, where) => (isObject(value) ? (value as ValueObject) : refuse(where, 'an object')),
}

/** A text that matches a pattern, if there is one, and is not empty, unless it may be. */
export function text(
  expected: string,
  { pattern, mayBeEmpty = false }: { pattern?: RegExp; mayBeEmpty?: boolean },
): Shape<string> {
  return {
    schema: {
      type: 'string',
      ...(!mayBeEmpty && { minLength: 1 }),
      ...(pattern && { pattern: pattern.source }),
    },
    read(value, where) {
      const fits = typeof value === 'string' && (mayBeEmpty || value !== '') && (pattern?.test(value) ?? true)
      return fits ? value : refuse(where, expected, value)
    },
  }
}

export function integer(expected: string, minimum: number, maximum?: number): Shape<number> {
  return {
    schema: { type: 'integer', minimum, ...(maximum !== undefined && { maximum }) },
    read(value, where) {
      const number = typeof value === 'bigint' ? Number(value) : value
      const isInteger = typeof number === 'number' && Number.isInteger(number)
      return isInteger && number >= minimum && number <= (maximum ?? number)
        ? number
        : refuse(where, expected)
    },
  }
}

export function numberOf(expected: string, minimum: number, maximum: number): Shape<number> {
  return {
    schema: { type: 'number', minimum, maximum },
    read(value, where) {
      const number = typeof value === 'bigint' ? Number(value) : value
      return typeof number === 'number' && number >= minimum && number <= maximum
        ? number
        : refuse(where, expected)
    },
  }
}

/** One of some words or numbers, or one truth. */
export function oneOf<const T extends string | number | boolean>(
  expected: string,
  known: readonly T[],
): Shape<T> {
  return {
    schema: { enum: known },
    read(value, where) {
      const found = known.find((each) => each === value)
      if (found !== undefined) return found
      const [suggestion] = closest(String(value), known.map(String))
      const hint = suggestion === undefined ? '' : `; did you mean \`${suggestion}\`?`
      throw new Error(`${where} must be ${expected}, got \`${String(value)}\`${hint}`)
    },
  }
}

/** One word, or something else. */
export function wordOr<Word extends string, T>(word: Word, other: Shape<T>): Shape<Word | T> {
  return {
    schema: { anyOf: [{ const: word }, other.schema] },
    read: (value, where) => (value === word ? word : other.read(value, where)),
  }
}

export function listOf<T>(item: Shape<T>, { atLeast = 0 } = {}): Shape<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema, ...(atLeast > 0 && { minItems: atLeast }) },
    read(value, where) {
      if (!Array.isArray(value)) return refuse(where, 'an array')
      const items = value as readonly Value[]
      if (items.length < atLeast) return refuse(where, `an array of ${atLeast} or more`)
      return items.map((each, index) => item.read(each, `${where}[${index}]`))
    },
  }
}

export interface ObjectRules<F extends Fields> {
  required?: readonly (keyof F & string)[]
  /** Of each list, an object has exactly one field. */
  oneOfEach?: readonly (readonly (keyof F & string)[])[]
  /** Whether it may have other fields too, which nobody reads. */
  isOpen?: boolean
}

export function objectOf<F extends Fields>(
  fields: F,
  { required = [], oneOfEach = [], isOpen = false }: ObjectRules<F>,
): Shape<ReadFields<F>> {
  const schemas = Object.entries(fields).map(([name, { schema }]) => [name, schema])
  const choices = oneOfEach.map((names) => ({ oneOf: names.map((name) => ({ required: [name] })) }))
  return {
    schema: {
      type: 'object',
      properties: Object.fromEntries(schemas),
      ...(required.length > 0 && { required }),
      ...(choices.length > 0 && { allOf: choices }),
      ...(!isOpen && { additionalProperties: false }),
    },
    read(value, where) {
      const object = ANY_OBJECT.read(value, where)
      if (!isOpen) refuseUnknown(object, Object.keys(fields), where)
      for (const names of oneOfEach) refuseChoice(object, names, where)
      const missing = required.find((name) => object[name] === undefined)
      if (missing !== undefined) throw new Error(`${where} must have \`${missing}\``)
      const read = Object.entries(fields).flatMap(([name, shape]) => {
        const field = object[name]
        return field === undefined ? [] : [[name, shape.read(field, inside(where, name))]]
      })
      return { ...(isOpen && object), ...Object.fromEntries(read) }
    },
  }
}

/** Two shapes of an object: the one that has a field, and the one that has not. */
export function eitherBy<One, Other>(
  field: string,
  one: Shape<One>,
  other: Shape<Other>,
): Shape<One | Other> {
  return {
    schema: { anyOf: [one.schema, { ...other.schema, not: { required: [field] } }] },
    read: (value, where) =>
      ANY_OBJECT.read(value, where)[field] === undefined ? other.read(value, where) : one.read(value, where),
  }
}

/** A shape that says what it is for. */
export function about<T>(description: string, shape: Shape<T>): Shape<T> {
  return { ...shape, schema: { description, ...shape.schema } }
}

function inside(where: string, name: string): string {
  return where === 'the catalogue' ? name : `${where}.${name}`
}

function refuse(where: string, expected: string, got?: Value): never {
  throw new Error(
    `${where} must be ${expected}${typeof got === 'string' && got !== '' ? `, got \`${got}\`` : ''}`,
  )
}

function refuseUnknown(object: ValueObject, known: readonly string[], where: string): void {
  const unknown = Object.keys(object).find((name) => !known.includes(name))
  if (unknown === undefined) return
  const [suggestion] = closest(unknown, known)
  const hint = suggestion === undefined ? `known are: ${known.join(', ')}` : `did you mean \`${suggestion}\`?`
  throw new Error(`${where} does not know \`${unknown}\`; ${hint}`)
}

function refuseChoice(object: ValueObject, names: readonly string[], where: string): void {
  if (names.filter((name) => object[name] !== undefined).length === 1) return
  const shown = names.map((name) => `\`${name}\``)
  throw new Error(`${where} must have exactly one of ${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`)
}
