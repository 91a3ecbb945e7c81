import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const LIB = path.join(__dirname, '..', '..', 'lib')

/**
 * Which room of `lib/` may import which others. A room is a folder, or the name of a file at the top. Every room may
 * import `core`, which imports none.
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  bin: ['server', 'commands'],
  commands: ['verify', 'index', 'server', 'double', 'record'],
  // `server` imports only tables of options from `router`, `jwt` and `stores`. They are no part of the public API.
  server: ['index', 'sample', 'router', 'jwt', 'stores'],
  sample: ['index', 'catalogue'],
  catalogue: ['request', 'formats', 'json'],
  record: ['stores', 'catalogue', 'formats', 'json'],
  index: ['router', 'jwt', 'stores', 'telemetry', 'probes', 'shutdown'],
  router: ['request', 'formats', 'telemetry'],
  request: ['formats', 'json'],
  stores: ['formats', 'json'],
  telemetry: [],
  probes: [],
  shutdown: [],
  jwt: [],
  formats: ['json'],
  json: [],
  verify: ['request', 'json'],
  'test-kit': ['verify'],
  // Not `index`, whose other stores and tokens would take time to load.
  double: ['router', 'stores', 'record', 'catalogue', 'request', 'formats', 'json', 'server', 'test-kit'],
  core: [],
}

/** Packages and modules, and the only files that may import them. */
const ONLY_IN: Readonly<Record<string, readonly string[]>> = {
  'express-openapi-validator/dist/openapi.validator': ['request/openapi'],
  '@opentelemetry/api': ['core/meter', 'server/metrics'],
  '@opentelemetry/exporter-prometheus': ['server/metrics'],
  '@opentelemetry/exporter-metrics-otlp-proto': ['server/metrics'],
  'fastest-levenshtein': ['core/did-you-mean'],
  jsonwebtoken: ['jwt/jwt-caller', 'server/development-mode'],
  'lru-cache': [
    'jwt/key-finder',
    'jwt/verified-tokens',
    'request/reading-cache',
    'router/answer-cache',
    'stores/postgres/results',
  ],
  compression: ['server/compression'],
  // Everybody else takes `nextTurn` or a clock. Fake timers of a test runner freeze what comes from here.
  'node:timers': ['core/clock', 'core/turns'],
  'node:timers/promises': [],
  pg: ['server/open-store'],
  yaml: ['request/decoders/decoders', 'request/decoders/yaml', 'verify/decode'],
  ajv: ['verify/document/answers', 'verify/document/exchange-faults', 'verify/document/schema-faults'],
  'apache-arrow': [
    'formats/arrow/arrow',
    'formats/arrow/arrow-batches',
    'formats/arrow/arrow-columns',
    'formats/arrow/arrow-vectors',
    'verify/checks/arrow',
  ],
}

/** Files that import Express, including those that import only types. */
const KNOW_EXPRESS = [
  'core/caller',
  'double/app',
  'double/credentials',
  'double/faults/broken-bodies',
  'double/journal',
  'double/reception',
  'double/visit',
  'request/body',
  'request/head',
  'request/openapi',
  'request/reader',
  'router/callers',
  'router/disconnects',
  'router/error-answer',
  'router/error-handler',
  'router/exchange',
  'router/info/product-info',
  'router/reception',
  'router/response-headers',
  'router/router',
  'router/send',
  'router/waits',
  'router/wire-request',
  'server/app',
  'server/compression',
  'server/console',
  'server/cors',
  'telemetry/request-record',
]

interface Source {
  /** Path below `lib/`, without the extension. */
  name: string
  room: string
  /** Its imports, as written. */
  specifiers: readonly string[]
  /** Names of the files of `lib/` that it imports. */
  imports: readonly string[]
}

const sources: readonly Source[] = readdirSync(LIB, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => {
    const name = file.slice(0, -'.ts'.length)
    const text = readFileSync(path.join(LIB, file), 'utf8')
    const specifiers = [...text.matchAll(/(?:from |import\(|require\()'([^']+)'/g)].map(
      ([, specifier = '']) => specifier,
    )
    const imports = specifiers
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => path.posix.normalize(path.posix.join(path.posix.dirname(name), specifier)))
    return { name, room: roomOf(name), specifiers, imports }
  })

function roomOf(name: string): string {
  return name.split('/')[0] ?? name
}

/**
 * The two places, of which one imports the other, in the innermost folder that holds both: a file of that folder, or
 * a folder in it.
 */
function placesOf(name: string, imported: string): [string, string] {
  const [from, to] = [name.split('/'), imported.split('/')]
  let depth = 0
  while (from[depth] === to[depth] && depth < from.length) depth += 1
  return [from.slice(0, depth + 1).join('/'), to.slice(0, depth + 1).join('/')]
}

describe('lib/', () => {
  it.each(sources.map((source) => [source.name, source] as const))(
    '%s imports only allowed rooms',
    (_name, { room, imports }) => {
      const foreign = [...new Set(imports.map(roomOf))].filter((other) => other !== room && other !== 'core')
      expect(foreign.filter((other) => !MAY_IMPORT[room]?.includes(other))).toEqual([])
    },
  )

  it('has every room of the table, and uses every permission', () => {
    const used = sources.flatMap(({ room, imports }) => imports.map((name) => `${room} > ${roomOf(name)}`))
    const permitted = Object.entries(MAY_IMPORT).flatMap(([room, others]) =>
      others.map((other) => `${room} > ${other}`),
    )
    expect(permitted.filter((permission) => !used.includes(permission))).toEqual([])
    expect(Object.keys(MAY_IMPORT).sort()).toEqual([...new Set(sources.map(({ room }) => room))].sort())
  })

  it('has its table of imports in docs/architecture.md', () => {
    const page = readFileSync(path.join(LIB, '..', 'docs', 'architecture.md'), 'utf8')
    const [, table = ''] = page.split(/\| room +\| may import +\|\n.*\n/)
    const rows = table.slice(0, table.indexOf('\n\n')).split('\n')
    const printed = rows.map((row) => {
      const [, room = '', others = ''] = row.split('|').map((cell) => cell.trim())
      return [room, others === '' ? [] : others.split(', ')]
    })
    expect([...printed, ['core', []]]).toEqual(Object.entries(MAY_IMPORT))
  })

  it('has no circle between rooms, nor between folders and files of a room', () => {
    const edges = new Map<string, Set<string>>()
    for (const { name, imports } of sources) {
      for (const imported of imports) {
        const [from, to] = placesOf(name, imported)
        edges.set(from, (edges.get(from) ?? new Set()).add(to))
      }
    }
    const finished = new Set<string>()
    const visit = (place: string, trail: readonly string[]): void => {
      if (trail.includes(place)) throw new Error(`a circle: ${[...trail, place].join(' > ')}`)
      if (finished.has(place)) return
      for (const next of edges.get(place) ?? []) visit(next, [...trail, place])
      finished.add(place)
    }
    for (const place of edges.keys()) visit(place, [])
  })

  it('shows the server only the options of other rooms', () => {
    const imported = sources.filter(({ room }) => room === 'server').flatMap(({ imports }) => imports)
    const ofRooms = imported.filter((name) => ['router', 'jwt', 'stores'].includes(roomOf(name)))
    expect(ofRooms.filter((name) => path.posix.basename(name) !== 'options')).toEqual([])
  })

  it.each(Object.entries(ONLY_IN))('knows %s only in %j', (library, names) => {
    const knowing = sources.filter(({ specifiers }) => specifiers.includes(library)).map(({ name }) => name)
    expect(knowing.sort()).toEqual([...names].sort())
  })

  it('knows Express only at its edge', () => {
    const knowing = sources.filter(({ specifiers }) => specifiers.includes('express')).map(({ name }) => name)
    expect(knowing.sort()).toEqual(KNOW_EXPRESS)
  })

  it('has two files at its top', () => {
    expect(
      sources
        .filter(({ name }) => !name.includes('/'))
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['bin', 'index'])
  })

  it('imports no test runner in the test-kit', () => {
    const specifiers = sources
      .filter(({ room }) => room === 'test-kit' || room === 'verify')
      .flatMap((source) => source.specifiers)
    expect(specifiers.filter((name) => /jest|vitest|mocha|node:test$/.test(name))).toEqual([])
  })
})
