import type { AnySchemaObject } from 'ajv'
import text from './api-answers.json'

export type Content = Readonly<Record<string, { schema: AnySchemaObject }>>

export interface DocumentedAnswer {
  headers?: Readonly<Record<string, { required?: boolean; schema: AnySchemaObject }>>
  content?: Content
}

/** By status, or `default`. */
export type DocumentedAnswers = Readonly<Record<string, DocumentedAnswer>>

/** Answers by method, in lower case. */
type Path = Readonly<Record<string, { responses: DocumentedAnswers } | undefined>>

/** What a document in OpenAPI says about answers. No reference is left in it. */
export interface AnswerDocument {
  paths: Readonly<Record<string, Path>>
  components: { responses: DocumentedAnswers }
}

/** The status of each error type that has an example in the document. */
export const ERROR_STATUS_OF_TYPES: Readonly<Record<string, number>> = text.errorStatus

/** What `api-spec.yaml` says about answers. */
export const ANSWER_DOCUMENT = withoutReferences(text) as AnswerDocument

/** Replaces every reference by its target, always the same object, so that each schema is compiled once. */
export function withoutReferences(root: unknown): unknown {
  const targets = new Map<string, unknown>()
  const follow = (reference: string): unknown => {
    if (!targets.has(reference)) targets.set(reference, resolve(targetOf(root, reference)))
    return targets.get(reference)
  }
  const resolve = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node
    if (Array.isArray(node)) return node.map(resolve)
    if ('$ref' in node) return follow(String(node.$ref))
    // Not by entries, which take an array for each field: this is most of the time that loading takes.
    const resolved: Record<string, unknown> = Object.create(null)
    for (const name of Object.keys(node)) resolved[name] = resolve((node as Record<string, unknown>)[name])
    return resolved
  }
  return resolve(root)
}

function targetOf(root: unknown, reference: string): unknown {
  const names = reference.split('/').slice(1)
  return names.reduce<unknown>((node, name) => {
    const isThere = typeof node === 'object' && node !== null && Object.hasOwn(node, name)
    if (!isThere) throw new TypeError(`api-spec.yaml refers to ${reference}, which is not there`)
    return (node as Record<string, unknown>)[name]
  }, root)
}
