const { readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { parse } = require('yaml')

const DOCUMENT = path.join(__dirname, '..', 'api-spec.yaml')
const REQUESTS = path.join(__dirname, '..', 'lib', 'request', 'api-spec.json')

/** Nothing below these names decides whether a request is valid. Defaults would be written into bodies. */
const LEFT_OUT = new Set([
  ...['summary', 'description', 'externalDocs', 'tags', 'operationId', 'example', 'examples'],
  ...['security', 'responses', 'default'],
])

/** Marks a schema for people and generators. The validator gets an open one: it would refuse what the reader takes. */
const JUDGED_BY = 'x-judged-by'

/** The JSON text of what an OpenAPI document in YAML says about requests, with its references resolved. */
exports.requestDocument = (yaml) => {
  const document = parse(yaml)
  const { openapi, servers, paths } = document
  return `${JSON.stringify(trim({ openapi, servers, paths }, document), null, 2)}\n`
}

function trim(node, document, areFields = false) {
  if (Array.isArray(node)) return node.map((item) => trim(item, document))
  if (typeof node !== 'object' || node === null) return node
  if (typeof node.$ref === 'string') return trim(targetOf(node.$ref, document), document)
  if (JUDGED_BY in node) return {}
  // The names below `properties` are those of fields.
  const kept = Object.entries(node).filter(([name]) => areFields || !LEFT_OUT.has(name))
  return Object.fromEntries(
    kept.map(([name, child]) => [name, trim(child, document, !areFields && name === 'properties')]),
  )
}

function targetOf(reference, document) {
  const [, ...names] = reference.split('/')
  return names.reduce((parent, name) => parent[name], document)
}

if (require.main === module) writeFileSync(REQUESTS, exports.requestDocument(readFileSync(DOCUMENT, 'utf8')))
