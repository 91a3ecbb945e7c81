const { readFileSync, writeFileSync } = require('node:fs')
const path = require('node:path')
const { OpenApiSpecLoader } = require('express-openapi-validator/dist/framework/openapi.spec.loader')
const { parse } = require('yaml')

const ROOT = path.join(__dirname, '..')
const DOCUMENT = path.join(ROOT, 'api-spec.yaml')
const REQUESTS = path.join(ROOT, 'lib', 'request', 'api-spec.json')
const ANSWERS = path.join(ROOT, 'lib', 'verify', 'document', 'api-answers.json')

const FOR_PEOPLE = ['summary', 'description', 'externalDocs', 'tags', 'operationId', 'example', 'examples']

/** Nothing below these names decides whether a request is valid. Defaults would be written into bodies. */
const LEFT_OUT = new Set([...FOR_PEOPLE, 'security', 'responses', 'default'])

/** Nothing below these names decides whether an answer is as documented. `default` is a response too. */
const LEFT_OUT_OF_ANSWERS = new Set([...FOR_PEOPLE, 'security', 'parameters', 'requestBody', 'links'])

/** Marks a schema for people and generators. The validator gets an open one: it would refuse what the reader takes. */
const JUDGED_BY = 'x-judged-by'

/**
 * The JSON text of what an OpenAPI document in YAML says about requests, with its references resolved, as
 * express-openapi-validator has loaded it. A process that loaded the document itself would compile the schema of OpenAPI first.
 */
exports.requestDocument = async (yaml) => {
  const document = parse(yaml)
  const { openapi, servers, paths } = document
  const apiDoc = trim({ openapi, servers, paths }, document)
  const loaded = await new OpenApiSpecLoader({ apiDoc, validateApiSpec: false }).load()
  // The number of a document in its process tells just the answers of documents apart.
  return `${JSON.stringify({ ...loaded, serial: 0 }, null, 2)}\n`
}

/** The JSON text of what it says about answers, with its references, and the status of each error type of its examples. */
exports.answerDocument = (yaml) => {
  const { paths, components } = parse(yaml)
  const { headers, responses, schemas, examples } = components
  const answers = without({ paths, components: { headers, responses, schemas } }, LEFT_OUT_OF_ANSWERS)
  return `${JSON.stringify({ ...answers, errorStatus: errorStatus(examples) }, null, 1)}\n`
}

/** The status of a type is that of its first example. Causes count too. */
function errorStatus(examples) {
  const known = {}
  for (const { value } of Object.values(examples)) {
    for (let error = value.error; error?.type; error = error.caused_by) known[error.type] ??= value.status
  }
  return known
}

function without(node, names, areFields = false) {
  if (Array.isArray(node)) return node.map((item) => without(item, names))
  if (typeof node !== 'object' || node === null) return node
  const kept = Object.entries(node).filter(([name]) => areFields || !names.has(name))
  return Object.fromEntries(
    kept.map(([name, child]) => [name, without(child, names, !areFields && name === 'properties')]),
  )
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

async function main() {
  const yaml = readFileSync(DOCUMENT, 'utf8')
  writeFileSync(REQUESTS, await exports.requestDocument(yaml))
  writeFileSync(ANSWERS, exports.answerDocument(yaml))
}

if (require.main === module) main()
