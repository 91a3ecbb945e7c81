import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { AnySchemaObject } from 'ajv'
import { parse as parseYaml } from 'yaml'
import { withoutReferences } from '../../lib/verify/document/answers'
import { madeOnce } from './made-once'

export interface MediaTypeObject {
  schema: AnySchemaObject
  example?: unknown
  examples?: Readonly<Record<string, { value: unknown }>>
}

export type Content = Readonly<Record<string, MediaTypeObject>>

export interface HeaderObject {
  required?: boolean
  schema: AnySchemaObject
  example?: string
}

/** What a client can do next, and where the answer has the parameters for it. */
export interface LinkObject {
  operationId: string
  parameters: Readonly<Record<string, string>>
}

export interface ResponseObject {
  headers?: Readonly<Record<string, HeaderObject>>
  content?: Content
  links?: Readonly<Record<string, LinkObject>>
}

/** By status, or `default`. */
export type Responses = Readonly<Record<string, ResponseObject>>

export interface OperationObject {
  operationId?: string
  tags?: readonly string[]
  summary?: string
  description?: string
  parameters: readonly { name: string; in: string; allowReserved?: boolean; example?: unknown }[]
  requestBody?: { content: Content }
  responses: Responses
  security?: readonly object[]
}

/** Operations by method, in lower case. */
export type PathItem = Readonly<Record<string, OperationObject | undefined>>

export interface ApiDocument {
  info: { version: string }
  security: readonly object[]
  tags: readonly { name: string }[]
  paths: Readonly<Record<string, PathItem>>
  components: {
    securitySchemes: Readonly<Record<string, unknown>>
    schemas: Readonly<Record<string, AnySchemaObject>>
    responses: Responses
    examples: Readonly<Record<string, { value: unknown }>>
  }
}

/** The part of an error that identifies it. */
export interface ErrorBody {
  type: string
  caused_by?: ErrorBody
}

export const API_SPEC_FILE = path.join(__dirname, '..', '..', 'api-spec.yaml')

/** The document as in the file, including references. */
export const rawApiSpec: unknown = JSON.parse(readFileSync(path.join(parsed(), 'api-spec.json'), 'utf8'))

/** A folder with the document as JSON, which a hundred specs read ten times faster than YAML. */
function parsed(): string {
  return madeOnce('api-document', [path.basename(API_SPEC_FILE)], (folder) => {
    const document = parseYaml(readFileSync(API_SPEC_FILE, 'utf8'))
    writeFileSync(path.join(folder, 'api-spec.json'), JSON.stringify(document))
  })
}

/** The document with every reference replaced by its target. */
export const apiSpec = withoutReferences(rawApiSpec) as ApiDocument

/**
 * Every error type that has an example in the document, with its status, which is that of the first example. This includes
 * causes.
 */
export const documentedErrors: Readonly<Record<string, number>> = Object.fromEntries(
  Object.values(apiSpec.components.examples)
    .toReversed()
    .flatMap(({ value }) => {
      const { error, status } = value as { error?: ErrorBody; status: number }
      return typesOf(error).map((type) => [type, status])
    }),
)

function typesOf(error: ErrorBody | undefined): string[] {
  return error ? [error.type, ...typesOf(error.caused_by)] : []
}
