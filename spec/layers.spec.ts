import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const LIB = path.join(__dirname, '..', 'lib')

/**
 * Which part of `lib/` may import which others. A part is a folder, or the name of a file at the top. Arrows
 * point down: nothing imports what stands above it.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bin: ['index', 'server'],
  server: ['index', 'sample', 'clock', 'closest', 'describe-error', 'time-value'],
  sample: ['index', 'clock', 'closest', 'time-value', 'request'],
  'test-kit': ['caller', 'clock', 'errors', 'result', 'store'],
  index: [
    'caller',
    'clock',
    'errors',
    'jwt',
    'logger',
    'options',
    'result',
    'router',
    'store',
    'stores',
    'telemetry',
  ],
  router: [
    'caller',
    'clients',
    'errors',
    'exchange',
    'handlers',
    'options',
    'request',
    'send-error',
    'unauthenticated',
    'waits',
    'telemetry',
  ],
  handlers: [
    'ask-store',
    'caller',
    'clients',
    'encoded-answers',
    'errors',
    'exchange',
    'forwarder',
    'options',
    'pass-through',
    'request',
    'send',
    'store',
    'waits',
    'writers',
    'telemetry',
  ],
  forwarder: [
    'ask-store',
    'caller',
    'clients',
    'describe-error',
    'errors',
    'exchange',
    'logger',
    'pass-through',
    'send',
    'store',
    'waits',
    'wire',
  ],
  exchange: ['caller', 'request', 'telemetry'],
  wire: ['caller', 'pass-through', 'request'],
  'ask-store': ['errors', 'telemetry'],
  'encoded-answers': ['immutable-results', 'request', 'result', 'store', 'writers'],
  'immutable-results': ['result'],
  'send-error': ['errors', 'request', 'writers'],
  telemetry: ['caller', 'describe-error', 'errors', 'logger', 'request'],
  options: ['caller', 'check-options', 'logger', 'store', 'telemetry'],
  jwt: ['caller', 'check-options', 'clock', 'describe-error', 'errors', 'logger', 'unauthenticated'],
  stores: [
    'caller',
    'check-options',
    'clock',
    'errors',
    'immutable-results',
    'pass-through',
    'query-id',
    'request',
    'result',
    'store',
    'time-value',
    'turns',
    'unauthenticated',
    'telemetry',
  ],
  request: ['closest', 'errors', 'result', 'store', 'time-value', 'writers'],
  writers: ['errors', 'result', 'store'],
  store: ['caller', 'pass-through', 'result', 'store-options'],
  'pass-through': ['caller', 'store-options'],
  'store-options': [],
  unauthenticated: ['errors'],
  'check-options': ['closest'],
  'query-id': ['errors'],
  'time-value': ['errors'],
  caller: [],
  clock: [],
  closest: [],
  errors: [],
  logger: [],
  result: [],
  send: ['clients', 'errors', 'pass-through'],
  turns: [],
  waits: ['caller', 'clients', 'store-options', 'turns', 'wait-places', 'telemetry'],
  'wait-places': ['caller', 'errors'],
  clients: [],
  'describe-error': [],
}

/** Packages that only one part of the code knows. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  'express-openapi-validator': ['request/validation'],
  '@opentelemetry/api': ['telemetry/meter'],
  'fastest-levenshtein': ['closest'],
  'jsonc-parser': ['request/json-body', 'stores/elasticsearch/request-body'],
  jsonwebtoken: ['jwt/jwt-caller', 'server/development-mode'],
  'apache-arrow': ['writers/arrow/arrow', 'writers/arrow/arrow-batches', 'writers/arrow/arrow-columns'],
}

/** Files that know Express, if only for the types of a request. */
const KNOW_EXPRESS = [
  'caller',
  'clients',
  'exchange',
  'forwarder',
  'request/body',
  'request/incoming',
  'request/request-reader',
  'request/validation',
  'router',
  'send',
  'send-error',
  'server/server',
  'telemetry/request-record',
  'waits',
  'wire',
]

interface Source {
  /** Path below `lib/`, without the ending. */
  name: string
  part: string
  imports: readonly string[]
}

const sources: readonly Source[] = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const name = file.slice(0, -'.ts'.length)
    const text = readFileSync(path.join(LIB, file), 'utf8')
    const imports = [...text.matchAll(/(?:from |import\(|require\()'([^']+)'/g)].map(
      ([, target = '']) => target,
    )
    return { name, part: partOf(name), imports }
  })

function partOf(name: string): string {
  return name.split('/')[0] ?? name
}

/** The part of `lib/` that a relative import leads to. */
function target(source: Source, specifier: string): string {
  return partOf(path.posix.normalize(path.posix.join(path.posix.dirname(source.name), specifier)))
}

describe('lib/', () => {
  it.each(sources.map((source) => [source.name, source] as const))(
    '%s imports only what it may',
    (_name, source) => {
      const targets = source.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => target(source, specifier))
      const foreign = [...new Set(targets)].filter((part) => part !== source.part)
      expect(foreign.filter((part) => !MAY_IMPORT[source.part]?.includes(part))).toEqual([])
    },
  )

  it('has no part and no permission that is not there or not used', () => {
    const used = sources.flatMap((source) =>
      source.imports
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => `${source.part} > ${target(source, specifier)}`),
    )
    const permitted = Object.entries(MAY_IMPORT).flatMap(([part, others]) =>
      others.map((other) => `${part} > ${other}`),
    )
    expect(permitted.filter((permission) => !used.includes(permission))).toEqual([])
    expect(Object.keys(MAY_IMPORT).sort()).toEqual([...new Set(sources.map(({ part }) => part))].sort())
  })

  it('has no cycles between its parts', () => {
    const visit = (part: string, trail: readonly string[]): void => {
      expect(trail).not.toContain(part)
      for (const next of MAY_IMPORT[part] ?? []) visit(next, [...trail, part])
    }
    for (const part of Object.keys(MAY_IMPORT)) visit(part, [])
  })

  it.each(Object.entries(ONLY_IN))('knows %s only in %j', (library, names) => {
    const knowing = sources.filter(({ imports }) => imports.includes(library)).map(({ name }) => name)
    expect(knowing.sort()).toEqual([...names].sort())
  })

  it('knows Express only at its edge', () => {
    const knowing = sources.filter(({ imports }) => imports.includes('express')).map(({ name }) => name)
    expect(knowing.sort()).toEqual(KNOW_EXPRESS)
  })

  it('has no test runner in the test-kit', () => {
    const imports = sources.filter(({ part }) => part === 'test-kit').flatMap((source) => source.imports)
    expect(imports.filter((name) => /jest|vitest|mocha|node:test$/.test(name))).toEqual([])
  })
})
