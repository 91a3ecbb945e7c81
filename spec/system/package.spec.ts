import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { exportedBy } from '../support/declarations'
import { type Consumer, createConsumer, strictTsconfig } from '../support/packed'

const PUBLIC_NAMES = [
  'COLUMN_TYPES',
  'ERROR_STATUS',
  'ElasticsearchStore',
  'MemoryStore',
  'PostgresStore',
  'QueryError',
  'asyncQueryRouter',
  'esqlErrorHandler',
  'esqlProductInfo',
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
       console.log(JSON.stringify([names('express-esql-async-query'), names('express-esql-async-query/test-kit')]))`,
    )
    expect(JSON.parse(consumer.run('node', 'use.cjs'))).toEqual([PUBLIC_NAMES, TEST_KIT_NAMES])
  })

  it('loads express-openapi-validator with the first router, and not before', () => {
    consumer.write(
      'load.cjs',
      `const { asyncQueryRouter, MemoryStore } = require('express-esql-async-query')
       const isLoaded = () => Object.keys(require.cache).some((file) => file.includes('express-openapi-validator'))
       const before = isLoaded()
       asyncQueryRouter({ store: new MemoryStore({ execute: () => ({ columns: [], values: [] }) }), resolveCaller: () => undefined })
       console.log(JSON.stringify([before, isLoaded()]))`,
    )
    expect(JSON.parse(consumer.run('node', 'load.cjs'))).toEqual([false, true])
  })

  it('works from ES modules, with named imports', () => {
    consumer.write(
      'use.mjs',
      `import { ${PUBLIC_NAMES.join(', ')} } from 'express-esql-async-query'
       import { ${TEST_KIT_NAMES.join(', ')} } from 'express-esql-async-query/test-kit'
       console.log([${[...PUBLIC_NAMES, ...TEST_KIT_NAMES].join(', ')}].every((value) => value !== undefined))`,
    )
    expect(consumer.run('node', 'use.mjs')).toBe('true\n')
  })

  it('works from strict TypeScript, as CommonJS and as ES modules', () => {
    const use = `import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'
      import { ManualClock } from 'express-esql-async-query/test-kit'
      const store = new MemoryStore({ execute: () => ({ columns: [], values: [] }), clock: new ManualClock() })
      asyncQueryRouter({
        store,
        resolveCaller: jwtCaller({ key: 'x'.repeat(32), algorithms: ['HS256'], issuer: 'i', audience: 'a' }),
      }).drain()
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
      resolved: { '.': kinds, './test-kit': kinds },
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
      ['index.d.ts', 'test-kit/index.d.ts'].flatMap((file) =>
        exportedBy(path.join(consumer.installed, 'dist', file)),
      )

    it('exports every type that an exported declaration names', () => {
      const declarations = exported()
      const names = declarations.map(({ name }) => name)
      expect(names).toEqual(expect.arrayContaining([...PUBLIC_NAMES, ...TEST_KIT_NAMES]))
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

  it.each(['api-spec.yaml', 'catalogue.schema.json'])('holds %s', (name) => {
    consumer.write('spec.cjs', `console.log(require.resolve('express-esql-async-query/${name}'))`)
    expect(existsSync(consumer.run('node', 'spec.cjs').trim())).toBe(true)
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
      'package.json',
      'sample-queries.json',
    ])
  })

  it('has a bin that prints its version', () => {
    expect(consumer.run('npx', consumer.binName, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
