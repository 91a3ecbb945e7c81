import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { OPERATIONS } from '../../lib/core/operations'
import { COLUMN_TYPES } from '../../lib/core/result'
import type { Format } from '../../lib/formats/formats'
import { FORMAT_TABLE, FORMATS } from '../../lib/formats/formats'
import { targetOf } from '../../lib/request/routes'
import sample from '../../sample-queries.json'
import { apiSpec } from '../support/api-document'
import { resolveFormat } from '../support/cluster/media-types'
import { pageOf } from '../support/documented'
import { goldenCases } from '../support/golden-cases'

const ROOT = path.join(__dirname, '..', '..')

/** Adds a name of each kind to a copy of the sources, and nothing else that it needs. */
const ADDITIONS = [
  ['lib/core/operations.ts', /(OPERATIONS = \[)/, "$1'made_up_operation', "],
  ['lib/router/options.ts', /(interface AsyncQueryRouterOptions \{\n)/, '$1  madeUpOption?: number\n'],
  ['lib/formats/formats.ts', /(OBJECT_FORMATS = \[.*?)(\] as const)/s, "$1, 'made_up_format'$2"],
  ['lib/core/result.ts', /(COLUMN_TYPES = \[.*?)(\] as const)/s, "$1'made_up_type',$2"],
] as const

describe('the compiler', () => {
  let copy: string
  let complaints: readonly string[]

  /** The files in which the compiler misses a name. */
  const missing = (name: string): string[] => {
    const found = complaints.filter((line) => line.includes(`'${name}' is missing`))
    return [...new Set(found.map((line) => line.replace(/\(.*$/s, '')))].sort()
  }

  beforeAll(() => {
    copy = mkdtempSync(path.join(tmpdir(), 'adding-'))
    for (const name of ['lib', 'spec', 'tsconfig.json', 'package.json', 'sample-queries.json']) {
      cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true })
    }
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'))
    for (const [name, place, replacement] of ADDITIONS) {
      const file = path.join(copy, name)
      const text = readFileSync(file, 'utf8')
      const changed = text.replace(place, replacement)
      expect(changed).not.toBe(text)
      writeFileSync(file, changed)
    }
    const tsc = path.join(ROOT, 'node_modules', '.bin', 'tsc')
    complaints = spawnSync(tsc, ['--noEmit', '--pretty', 'false', '--singleThreaded'], {
      cwd: copy,
      encoding: 'utf8',
    }).stdout.split('\n')
  })
  afterAll(() => rmSync(copy, { recursive: true }))

  it('names the places that a new format of objects needs', () => {
    expect(missing('made_up_format')).toEqual(
      expect.arrayContaining(['lib/formats/formats.ts', 'spec/support/json-family.ts']),
    )
  })

  it('names the places that a new operation needs', () => {
    expect(missing('made_up_operation')).toEqual([
      'lib/request/parameters.ts',
      'lib/request/routes.ts',
      'spec/system/enforcement.spec.ts',
      'spec/system/ownership.spec.ts',
    ])
    // What reads the request of the operation, and the method of a store that serves it.
    expect(complaints).toContainEqual(
      expect.stringMatching(/^lib\/request\/command\.ts.*lacks ending return/),
    )
    expect(complaints).toContainEqual(expect.stringMatching(/^lib\/request\/routes\.ts.*'AsyncQueryStore'/))
  })

  it('names the places that a new option needs', () => {
    expect(missing('madeUpOption')).toEqual(['lib/router/options.ts'])
  })

  it('names the places that a new column type needs', () => {
    expect(missing('made_up_type')).toEqual([
      'lib/formats/arrow/arrow-columns.ts',
      'lib/formats/columns.ts',
      'lib/test-kit/every-type.ts',
      'spec/formats/arrow/arrow.spec.ts',
      'spec/formats/columns.spec.ts',
      'spec/formats/document/values.spec.ts',
    ])
  })
})

const [formatsSentence = ''] = pageOf('docs/formats.md').split(/\.\s/)
const get = apiSpec.paths['/_query/async/{id}']?.get
const formatParameter = get?.parameters.find(({ name }) => name === 'format')
/** The labels of the answers of query, submit, get and stop. */
const answers = [
  apiSpec.paths['/_query']?.post,
  apiSpec.paths['/_query/async']?.post,
  get,
  apiSpec.paths['/_query/async/{id}/stop']?.post,
].map((operation) => Object.keys(operation?.responses[200]?.content ?? {}))
const { enum: documentedTypes } = apiSpec.components.schemas.KnownColumnType as { enum: readonly string[] }
const sampleTypes = sample.queries.find(({ query }) => query === 'FROM types')?.response?.columns ?? []
const noMediaTypes = {
  accept: undefined,
  contentType: undefined,
  headers: { accept: undefined, contentType: undefined },
}

/** Places that must know a format and that the compiler does not read: they have its names or its labels. */
const PLACES_OF_A_FORMAT: Readonly<
  Record<string, (name: string, names: readonly string[], labels: readonly string[]) => boolean>
> = {
  'api-spec.yaml: the parameter `format`': (_name, names) =>
    names.every((each) => JSON.stringify(formatParameter).includes(`\`${each}\``)),
  'api-spec.yaml: the content of the answers': (_name, _names, labels) =>
    answers.every((answer) => labels.every((label) => answer.includes(label))),
  'docs/formats.md: its first sentence': (name) => formatsSentence.includes(`\`${name}\``),
  'spec/fixtures/response-formats.json': (name) => goldenCases([name]).length > 0,
  'spec/support/cluster/media-types.ts': (name) => resolveFormat(noMediaTypes, name, false).format === name,
}

/** The same for a column type. */
const PLACES_OF_A_TYPE: Readonly<Record<string, (type: string) => boolean>> = {
  'api-spec.yaml: the schema KnownColumnType': (type) => documentedTypes.includes(type),
  'sample-queries.json: FROM types': (type) => sampleTypes.some((column) => column.type === type),
}

/** The same for an operation, by its method and path. */
const PLACES_OF_AN_OPERATION: Readonly<Record<string, (method: string, path: string) => boolean>> = {
  'api-spec.yaml: paths': (method, path) => Object.hasOwn(apiSpec.paths[path] ?? {}, method.toLowerCase()),
  'docs/http-api.md: the table of operations': (method, path) =>
    pageOf('docs/http-api.md').includes(`| \`${method} ${path}\` `),
}

/** The labels of the answers of a format. */
function labelsOf(format: Format): string[] {
  const { mediaTypes, label, labelWithoutHeader } = FORMAT_TABLE[format]
  const labels = Object.values(mediaTypes).map(([mediaType]) => label ?? mediaType)
  return labelWithoutHeader === undefined ? labels : [...labels, labelWithoutHeader]
}

describe('what the compiler does not read', () => {
  it.each(FORMATS)('knows the format %s everywhere', (format) => {
    const names = Object.keys(FORMAT_TABLE[format].mediaTypes)
    const unaware = Object.entries(PLACES_OF_A_FORMAT).filter(
      ([, knows]) => !knows(format, names, labelsOf(format)),
    )
    expect(unaware.map(([place]) => place)).toEqual([])
  })

  it('knows no format that the code does not have', () => {
    const labels = FORMATS.flatMap(labelsOf).sort()
    expect(answers.map((answer) => answer.sort())).toEqual(answers.map(() => labels))
    const shown = Array.from(formatsSentence.matchAll(/`([a-z]+)`/g), ([, name]) => name)
    expect(new Set(shown)).toEqual(new Set(['format', ...FORMATS]))
  })

  it.each(OPERATIONS)('knows the operation %s everywhere', (operation) => {
    const { method, path: target } = targetOf(operation, 'ID')
    const places = Object.entries(PLACES_OF_AN_OPERATION)
    const unaware = places.filter(([, knows]) => !knows(method, target.replace('ID', '{id}')))
    expect(unaware.map(([place]) => place)).toEqual([])
  })

  it.each(COLUMN_TYPES)('knows the column type %s everywhere', (type) => {
    const unaware = Object.entries(PLACES_OF_A_TYPE).filter(([, knows]) => !knows(type))
    expect(unaware.map(([place]) => place)).toEqual([])
  })

  it('names every place for what is missing everywhere', () => {
    const operations = Object.values(PLACES_OF_AN_OPERATION)
    expect(operations.map((knows) => knows('PUT', '/_query/async/{id}'))).not.toContain(true)
    const formats = Object.values(PLACES_OF_A_FORMAT)
    expect(formats.map((knows) => knows('made_up', ['made_up'], ['made/up']))).not.toContain(true)
    expect(Object.values(PLACES_OF_A_TYPE).map((knows) => knows('made_up'))).not.toContain(true)
  })
})
