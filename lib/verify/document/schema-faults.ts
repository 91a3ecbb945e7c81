import type { AnySchemaObject, ErrorObject } from 'ajv'
import { Ajv } from 'ajv'

/** Checks no schema, since specs do so, and makes each check as fast as it can: most see a few answers. */
const ajv = new Ajv({
  allErrors: true,
  meta: false,
  validateSchema: false,
  code: { optimize: false },
  keywords: ['example', 'externalDocs', 'x-judged-by'],
  formats: { binary: true },
})

/** The faults of a value by a schema of the document. Each begins with the `name` of the value. */
export function schemaFaults(schema: AnySchemaObject, value: unknown, name: string): string[] {
  // Ajv compiles each schema object once, and keeps the result.
  const validate = ajv.compile(schema)
  if (validate(value)) return []
  // Of several alternatives, the one that fits best is the intended one.
  const alternatives: readonly AnySchemaObject[] = schema.oneOf ?? schema.anyOf ?? []
  const [closest] = alternatives
    .map((alternative) => schemaFaults(alternative, value, name))
    .sort((one, other) => one.length - other.length)
  return closest && closest.length > 0
    ? closest
    : (validate.errors ?? []).map((error) => describe(error, name))
}

function describe({ instancePath, message = 'is wrong', params }: ErrorObject, name: string): string {
  const detail = Object.values(params).flat().join(', ')
  return `${name}${instancePath} ${message}${message.includes(detail) ? '' : `: ${detail}`}`
}

/** A change of schemas that gives the same object each time, so that each is compiled once. */
export function memoized(make: (schema: AnySchemaObject) => AnySchemaObject) {
  const known = new WeakMap<AnySchemaObject, AnySchemaObject>()
  return (schema: AnySchemaObject): AnySchemaObject => {
    const made = known.get(schema) ?? make(schema)
    known.set(schema, made)
    return made
  }
}

/** The schema for an answer with `filter_path`, which may be any part of a document. */
export const withoutRequired = memoized((schema) => {
  const copy: AnySchemaObject = JSON.parse(JSON.stringify(schema), (name, value) =>
    name === 'required' ? undefined : value,
  )
  // Without required fields a document can fit several alternatives at once.
  const { oneOf, ...rest } = copy
  return oneOf ? { ...rest, anyOf: oneOf } : copy
})
