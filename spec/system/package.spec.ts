import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { exportedBy } from '../support/declarations'
import { linksOf } from '../support/links'
import { type Consumer, createConsumer, strictTsconfig } from '../support/packed'

const PUBLIC_NAMES = [
  'COLUMN_TYPES',
  'ERROR_STATUS',
  'ElasticsearchStore',
  'JsonText',
  'MemoryStore',
  'PostgresStore',
  'QueryError',
  'asyncQueryRouter',
  'esqlErrorHandler',
  'esqlProductInfo',
  'gracefulShutdown',
  'healthHandler',
  'idempotencyKeyReused',
  'jwtCaller',
  'newSealingKey',
  'ownerOf',
  'postgresSchema',
  'readyHandler',
  'rowsToResult',
]
const TEST_KIT_NAMES = [
  'EVERY_TYPE',
  'ManualClock',
  'describeAsyncQueryStore',
  'describeEsqlAsyncApi',
  'readRows',
]
const DOUBLE_NAMES = [
  'JsonText',
  'ManualClock',
  'QueryError',
  'answer',
  'badGateway',
  'cut',
  'delay',
  'expiredToken',
  'garbage',
  'lose',
  'notElasticsearch',
  'rateLimited',
  'reset',
  'silence',
  'slow',
  'stall',
  'startDouble',
  'unavailable',
]

describe('the packed package', () => {
  let consumer: Consumer

  beforeAll(() => {
    consumer = createConsumer()
  })

  afterAll(() => consumer.remove())

  it('works from CommonJS', () => {
    consumer.write(
      'use.cjs',
      `const names = (name) => Object.keys(require(name)).sort()
       console.log(JSON.stringify(['', '/test-kit', '/double'].map((entry) => names('express-esql-async-query' + entry))))`,
    )
    expect(JSON.parse(consumer.run('node', 'use.cjs'))).toEqual([PUBLIC_NAMES, TEST_KIT_NAMES, DOUBLE_NAMES])
  })

  it('has every page and file to which its pages lead', () => {
    const pages = readdirSync(consumer.installed, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.md'),
    )
    const missing = pages.flatMap((page) =>
      linksOf(readFileSync(path.join(consumer.installed, page), 'utf8'))
        .map((target) => path.join(path.dirname(page), target.replace(/#.*/, '')))
        .filter((file) => !existsSync(path.join(consumer.installed, file)))
        .map((file) => `${page}: ${file}`),
    )
    expect(missing).toEqual([])
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/gateway.md', 'examples/gateway/README.md']),
    )
  })

  // Each package that a process loads costs its first answer time.
  it.each([
    ['its entry', `require('express-esql-async-query')`, ['express', 'fastest-levenshtein', 'lru-cache']],
    ['its test-kit', `require('express-esql-async-query/test-kit')`, ['ajv', 'fastest-levenshtein']],
    [
      'its double',
      `require('express-esql-async-query/double')`,
      ['express', 'fastest-levenshtein', 'lru-cache'],
    ],
    [
      'its command line',
      `process.argv.push('--version')
       require('./node_modules/express-esql-async-query/dist/bin.js')`,
      ['compression', 'express', 'fastest-levenshtein', 'jsonwebtoken', 'lru-cache'],
    ],
    [
      'its first jwtCaller',
      `const { jwtCaller } = require('express-esql-async-query')
       jwtCaller({ key: 'x'.repeat(32), algorithms: ['HS256'], issuer: 'i', audience: 'a' })`,
      ['express', 'fastest-levenshtein', 'jsonwebtoken', 'lru-cache'],
    ],
  ])('loads with %s just the libraries that it needs', (_name, use, libraries) => {
    consumer.write(
      'load.cjs',
      `${use}
       const { dependencies, peerDependencies } = require('express-esql-async-query/package.json')
       process.on('exit', () => {
         const files = Object.keys(require.cache)
         const loaded = (name) => files.some((file) => file.includes('/node_modules/' + name + '/'))
         const names = Object.keys({ ...dependencies, ...peerDependencies }).filter(loaded)
         console.log('\\n' + JSON.stringify(names.sort()))
       })`,
    )
    expect(JSON.parse(consumer.run('node', 'load.cjs').trim().split('\n').at(-1) ?? '')).toEqual(libraries)
  })

  it('loads express-openapi-validator with the first router, and never what loads and checks documents', () => {
    consumer.write(
      'validate.cjs',
      `const { asyncQueryRouter, MemoryStore } = require('express-esql-async-query')
       const parts = ['express-openapi-validator', 'json-schema-ref-parser', 'js-yaml', 'openapi.schema.validator']
       const loaded = () => parts.filter((part) => Object.keys(require.cache).some((file) => file.includes(part)))
       const before = loaded()
       const execute = () => ({ columns: [], values: [] })
       const router = asyncQueryRouter({ store: new MemoryStore({ execute }), resolveCaller: () => ({ owner: 'a' }) })
       const server = require('express')().use(router).listen(0, '127.0.0.1', async () => {
         const url = 'http://127.0.0.1:' + server.address().port
         const { status } = await fetch(url + '/_query/async/a?nope=1')
         console.log(JSON.stringify({ before, status, after: loaded() }))
         process.exit()
       })`,
    )
    expect(JSON.parse(consumer.run('node', 'validate.cjs'))).toEqual({
      before: [],
      status: 400,
      after: ['express-openapi-validator'],
    })
  })

  it('works from ES modules, with named imports', () => {
    consumer.write(
      'use.mjs',
      `import { ${PUBLIC_NAMES.join(', ')} } from 'express-esql-async-query'
       import { ${TEST_KIT_NAMES.join(', ')} } from 'express-esql-async-query/test-kit'
       import { ${DOUBLE_NAMES.map((name) => `${name} as double_${name}`).join(', ')} } from 'express-esql-async-query/double'
       const doubles = [${DOUBLE_NAMES.map((name) => `double_${name}`).join(', ')}]
       const others = [${[...PUBLIC_NAMES, ...TEST_KIT_NAMES].join(', ')}]
       console.log([...doubles, ...others].every((value) => value !== undefined))`,
    )
    expect(consumer.run('node', 'use.mjs')).toBe('true\n')
  })

  it('works from strict TypeScript, as CommonJS and as ES modules', () => {
    const use = `import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
      import { ManualClock } from 'express-esql-async-query/test-kit'
      import { startDouble } from 'express-esql-async-query/double'
      const store = new MemoryStore({ execute: () => ({ columns: [], values: [] }), clock: new ManualClock() })
      asyncQueryRouter({
        store,
        resolveCaller: jwtCaller({ key: 'x'.repeat(32), algorithms: ['HS256'], issuer: 'i', audience: 'a' }),
      }).drain()
      startDouble({ clock: 'manual' }).then((double) => double.on('FROM a').reports([['a']]).neverEnds().once())
      // @ts-expect-error there is no default caller
      asyncQueryRouter({ store })
      `
    consumer.write('use.cts', use)
    consumer.write('use.mts', use)
    consumer.write('tsconfig.json', strictTsconfig())
    expect(consumer.tsc()).toBe('')
  })

  it('has types for every kind of module resolution, from CommonJS and from ES modules', () => {
    consumer.write(
      'check.mjs',
      `import { readFileSync } from 'node:fs'
       import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
       const tarball = createPackageFromTarballData(readFileSync(process.argv[2]))
       const { exports } = JSON.parse(readFileSync(process.argv[3], 'utf8'))
       // Documents are no modules.
       const isDocument = (name) => typeof exports[name] === 'string'
       const names = Object.keys(exports)
       const { problems, entrypoints } = await checkPackage(tarball, { excludeEntrypoints: names.filter(isDocument) })
       const modules = names.filter((name) => !isDocument(name))
       const resolved = modules.map((name) => [name, Object.keys(entrypoints[name].resolutions)])
       console.log(JSON.stringify({ problems, resolved: Object.fromEntries(resolved) }))`,
    )
    const kinds = ['node10', 'node16-cjs', 'node16-esm', 'bundler']
    const description = path.join(consumer.installed, 'package.json')
    expect(JSON.parse(consumer.run('node', 'check.mjs', consumer.tarball, description))).toEqual({
      problems: [],
      resolved: { '.': kinds, './test-kit': kinds, './double': kinds },
    })
  })

  it('is as publint wants packages', () => {
    consumer.write(
      'lint.mjs',
      `import { publint } from 'publint'
       const { messages } = await publint({ pkgDir: process.argv[2], pack: false, strict: true })
       console.log(JSON.stringify(messages))`,
    )
    expect(JSON.parse(consumer.run('node', 'lint.mjs', consumer.installed))).toEqual([])
  })

  describe('in its declarations', () => {
    const exported = () =>
      ['index.d.ts', 'test-kit/index.d.ts', 'double/index.d.ts'].flatMap((file) =>
        exportedBy(path.join(consumer.installed, 'dist', file)),
      )

    it('exports every type that an exported declaration names', () => {
      const declarations = exported()
      const names = declarations.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining([...PUBLIC_NAMES, ...TEST_KIT_NAMES, ...DOUBLE_NAMES]))
      const missing = declarations.flatMap((declaration) =>
        declaration.names
          .filter((name) => !names.includes(name))
          .map((name) => `${declaration.name}: ${name}`),
      )
      expect(missing).toEqual([])
    })

    it('has a docstring for everything that it exports', () => {
      expect(exported().filter(({ hasDocstring }) => !hasDocstring)).toEqual([])
    })
  })

  it.each(['api-spec.yaml', 'catalogue.schema.json', 'double-control.yaml'])('holds %s', (name) => {
    consumer.write('spec.cjs', `console.log(require.resolve('express-esql-async-query/${name}'))`)
    expect(existsSync(consumer.run('node', 'spec.cjs').trim())).toBe(true)
  })

  it('holds the page of development mode, and the description of the API in the form that it reads', () => {
    const files = readdirSync(path.join(__dirname, '..', '..', 'lib', 'console'))
    const held = readdirSync(path.join(consumer.installed, 'dist', 'console'))
    expect(held.sort()).toEqual([...files, 'api-spec.json'].sort())
  })

  it('holds every file that the README links to', () => {
    const readme = readFileSync(path.join(consumer.installed, 'README.md'), 'utf8')
    const linked = [...readme.matchAll(/\]\((?![a-z]+:|#)([^)#]+)/g)].map(([, file = '']) => file)
    expect(linked).toContain('docs/architecture.md')
    expect(linked.filter((file) => !existsSync(path.join(consumer.installed, file)))).toEqual([])
  })

  it('holds no sources and no specs', () => {
    expect(consumer.run('ls', consumer.installed).trim().split('\n').sort()).toEqual([
      'CHANGELOG.md',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'api-spec.yaml',
      'catalogue.schema.json',
      'dist',
      'docs',
      'double-control.yaml',
      'examples',
      'package.json',
      'sample-queries.json',
    ])
  })

  it('has a bin that prints its version', () => {
    expect(consumer.run('npx', consumer.binName, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
