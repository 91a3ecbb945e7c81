import { existsSync } from 'node:fs'
import path from 'node:path'
import { type Consumer, createConsumer, strictTsconfig } from '../support/packed'

const PUBLIC_NAMES = [
  'COLUMN_TYPES',
  'ERROR_STATUS',
  'ElasticsearchStore',
  'MemoryStore',
  'QueryError',
  'asyncQueryRouter',
  'jwtCaller',
  'newSealingKey',
  'ownerOf',
]
const TEST_KIT_NAMES = ['EVERY_TYPE', 'ManualClock', 'describeAsyncQueryStore']

describe('the packed package', () => {
  let consumer: Consumer

  beforeAll(() => {
    consumer = createConsumer()
  }, 120_000)

  afterAll(() => consumer.remove())

  it('is used from CommonJS', () => {
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

  it('is used from ES modules, by name', () => {
    consumer.write(
      'use.mjs',
      `import { ${PUBLIC_NAMES.join(', ')} } from 'express-esql-async-query'
       import { ${TEST_KIT_NAMES.join(', ')} } from 'express-esql-async-query/test-kit'
       console.log([${[...PUBLIC_NAMES, ...TEST_KIT_NAMES].join(', ')}].every((value) => value !== undefined))`,
    )
    expect(consumer.run('node', 'use.mjs')).toBe('true\n')
  })

  it('is used from strict TypeScript, as CommonJS and as ES modules', () => {
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

  it('holds the OpenAPI document', () => {
    consumer.write('spec.cjs', "console.log(require.resolve('express-esql-async-query/api-spec.yaml'))")
    expect(existsSync(consumer.run('node', 'spec.cjs').trim())).toBe(true)
  })

  it('holds no sources and no specs', () => {
    const installed = path.join(consumer.folder, 'node_modules', 'express-esql-async-query')
    expect(consumer.run('ls', installed).trim().split('\n').sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'api-spec.yaml',
      'dist',
      'package.json',
      'sample-queries.json',
    ])
  })

  it('has a bin that says its version', () => {
    expect(consumer.run('npx', consumer.binName, '--version')).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
