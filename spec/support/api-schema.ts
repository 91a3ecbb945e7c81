import type { AnySchemaObject, ErrorObject } from 'ajv'
import { Ajv } from 'ajv'

const ajv = new Ajv({ allErrors: true, keywords: ['example'], formats: { binary: true } })

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

const relaxed = new WeakMap<AnySchemaObject, AnySchemaObject>()

/** The schema for an answer with `filter_path`, which may be any part of a document. */
export function withoutRequired(schema: AnySchemaObject): AnySchemaObject {
  const known = relaxed.get(schema)
  if (known) return known
  const made = relax(schema)
  relaxed.set(schema, made)
  return made
}

function relax(schema: AnySchemaObject): AnySchemaObject {
  const copy: AnySchemaObject = JSON.parse(JSON.stringify(schema), (name, value) =>
    name === 'required' ? undefined : value,
  )
  // Without required fields a document can fit several alternatives at once.
  const { oneOf, ...rest } = copy
  return oneOf ? { ...rest, anyOf: oneOf } : copy
}
