import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Client } from '@elastic/elasticsearch'
import type { Express } from 'express'
import express from 'express'
import type { InstrumentOptions } from 'express-esql-async-query'
import * as api from 'express-esql-async-query'
import type { Double } from 'express-esql-async-query/double'
import * as testKit from 'express-esql-async-query/test-kit'
import { Pool } from 'pg'
import supertest from 'supertest'
import { ERROR_STATUS } from '../../lib/core/errors'
import { FORMAT_TABLE, FORMATS } from '../../lib/formats/formats'
import { defaultOf } from '../../lib/server/describe-settings'
import { ALL_SETTINGS, flagOf, variableOf } from '../../lib/server/settings'
import { ManualClock } from '../../lib/test-kit'
import { API_KEY, startCluster } from '../support/cluster'
import { pageOf, tablesOf } from '../support/documented'
import { Asker } from '../support/double'
import { type Consumer, createConsumer, strictTsconfig } from '../support/packed'
import type { TestDatabase } from '../support/postgres/database'
import { openDatabase } from '../support/postgres/database'
import { leaveCi, RecordingFolder } from '../support/recordings'
import { exportOf, IDLE, runSnippet, SNIPPETS, snippetWith, toCommonJs } from '../support/snippets'

/** The first two stand for themselves: `pasting.spec.ts` runs them. */
const library = SNIPPETS.slice(2)

describe('the README and docs/', () => {
  const running: ChildProcess[] = []
  let consumer: Consumer

  beforeAll(() => {
    consumer = createConsumer()
  })
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL')
    consumer.remove()
  })

  it('has only snippets that compile', () => {
    for (const [index, text] of SNIPPETS.entries()) consumer.write(`snippet-${index}.mts`, text)
    consumer.write('tsconfig.json', strictTsconfig({ skipLibCheck: true }))
    expect(consumer.tsc()).toBe('')
  })

  it('has code for SIGTERM that lets the process end while a query runs and connections are open', async () => {
    consumer.write('end-on-sigterm.cjs', toCommonJs(snippetWith('endOnSigterm')))
    const file = consumer.write('running-query.cjs', RUNNING_QUERY)
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] })
    const exited = once(child, 'exit')
    running.push(child)
    const [port] = await once(child.stdout.setEncoding('utf8'), 'data')
    const url = `http://127.0.0.1:${Number(port)}/_query/async`
    const submitted = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'FROM books', wait_for_completion_timeout: '0s' }),
    })
    const { id } = (await submitted.json()) as { id: string }
    const waiting = fetch(`${url}/${id}`)
    const [line] = await once(child.stdout, 'data')
    expect(line).toBe('waiting\n')
    child.kill('SIGTERM')
    expect(await (await waiting).json()).toMatchObject({ id, is_running: true })
    expect(await exited).toEqual([0, null])
  })

  it('lists exactly the error types, with their status', () => {
    const rows = [...pageOf('docs/http-api.md').matchAll(/^\| `(\w+)` +\| (\d{3}) +\|/gm)].map(
      ([, type, status]) => [type, Number(status)],
    )
    expect(Object.fromEntries(rows)).toEqual(ERROR_STATUS)
  })

  it('lists exactly the formats, each with its media type', () => {
    const [rows = []] = tablesOf(pageOf('docs/formats.md'), '`format`')
    expect(rows.map((cells) => cells.slice(0, 2))).toEqual(
      FORMATS.map((format) => [`\`${format}\``, `\`${FORMAT_TABLE[format].mediaTypes[format]?.[0]}\``]),
    )
  })

  it('names everything that the package exports', () => {
    const sources = ['index.ts', 'test-kit/index.ts', 'double/index.ts'].map((file) =>
      readFileSync(path.join(__dirname, '..', '..', 'lib', file), 'utf8'),
    )
    const exported = [...sources.join('\n').matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.trim())
      .filter((name) => name !== '')
    const named = [...pageOf('docs/names.md').matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    expect(named.toSorted()).toEqual([...exported, testKit.describeAsyncQueryStore.name].sort())
  })

  it('lists exactly the settings of the standalone gateway, as `--help` describes them', () => {
    const [rows = []] = tablesOf(pageOf('docs/standalone.md'), 'variable')
    expect(rows).toEqual(
      ALL_SETTINGS.map((setting) => [
        `\`${variableOf(setting)}\``,
        setting.isSecret ? '' : `\`--${flagOf(setting)}\``,
        defaultOf(setting) ?? '',
        setting.about,
      ]),
    )
  })

  it('lists exactly the fields of the log of requests', () => {
    const known: Record<keyof api.RequestEvent, true> = {
      operation: true,
      status: true,
      durationMs: true,
      waitMs: true,
      bytes: true,
      owner: true,
      query: true,
      type: true,
      limit: true,
      opaqueId: true,
      traceId: true,
      err: true,
    }
    const rows = /^\| field [\s\S]*?\n\n/m.exec(pageOf('docs/observability.md'))?.[0] ?? ''
    const cells = [...rows.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = '']) => cell)
    const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
    expect(names).toEqual(Object.keys(known))
  })

  it('lists exactly the instruments, with kind, unit and description', async () => {
    const created: string[][] = []
    const kind =
      (kind: string) =>
      (name: string, { unit, description }: InstrumentOptions) => {
        created.push([
          `\`${name}\``,
          kind,
          unit,
          `${description[0]?.toLowerCase()}${description.slice(1, -1)}`,
        ])
        return { add() {}, record() {}, addCallback() {} }
      }
    const meter = {
      createCounter: kind('counter'),
      createUpDownCounter: kind('up-down counter'),
      createHistogram: kind('histogram'),
      createObservableGauge: kind('gauge'),
    }
    const meterProvider = { getMeter: () => meter }
    const store = new api.MemoryStore({ execute: async () => ({ columns: [], values: [] }), meterProvider })
    const ofStore = created.splice(0).map(([name]) => name)
    const clock = new ManualClock()
    new api.PostgresStore({
      pool: new Pool(),
      execute: () => ({ columns: [], values: [] }),
      clock,
      meterProvider,
    })
    const ofPostgres = created.splice(0).filter(([name]) => !ofStore.includes(name))
    api.asyncQueryRouter({ store, resolveCaller: () => undefined, meterProvider })
    const sealingKeys = [api.newSealingKey()]
    new api.ElasticsearchStore({ url: 'http://127.0.0.1:1', sealingKeys, meterProvider })
    const fetch = () => Promise.reject(new Error('nobody answers'))
    const keys = { jwks: { meterProvider, fetch, logger: { ...console, warn() {} } } }
    const caller = api.jwtCaller({
      ...keys,
      algorithms: ['RS256'],
      issuer: 'https://a.example',
      audience: 'a',
    })
    await expect(caller.check?.(new AbortController().signal)).rejects.toThrow()
    created.push(...ofPostgres)
    const [rows = []] = tablesOf(pageOf('docs/observability.md'), 'instrument')
    const documented = rows.map(([name, kind, unit, _attributes, description]) => [
      name,
      kind,
      unit,
      description,
    ])
    // The README names the store. The descriptions of the store itself do not.
    expect(documented.filter(([name]) => !ofStore.includes(name)).sort()).toEqual(created.sort())
    expect(
      documented
        .map(([name]) => name)
        .filter((name) => ofStore.includes(name))
        .sort(),
    ).toEqual(ofStore.sort())
  })
})

/** A gateway with a query that runs for hours. Prints its port, and a line when a request waits. */
const RUNNING_QUERY = `
const { setTimeout: sleep } = require('node:timers/promises')
const express = require('express')
const { asyncQueryRouter, MemoryStore } = require('express-esql-async-query')
const { endOnSigterm } = require('./end-on-sigterm.cjs')

const execute = async (request, { signal }) => {
  await sleep(10_000_000, undefined, { signal })
  return { columns: [], values: [] }
}
const store = new MemoryStore({ execute })
const router = asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }) })
const server = express().use(router).listen(0, '127.0.0.1', () => console.log(server.address().port))
endOnSigterm(server, router, store)

server.on('request', ({ method }) => {
  if (method !== 'GET') return
  const poll = () => (router.waiting > 0 ? console.log('waiting') : setImmediate(poll))
  poll()
})
`

describe('the snippets of the README and of docs/', () => {
  beforeAll(() => {
    process.env.JWT_SECRET = 'x'.repeat(64)
    process.env.ESQL_ASYNC_SEALING_KEYS = api.newSealingKey()
  })

  for (const snippet of library) {
    if (snippet.includes('describeAsyncQueryStore(')) runSnippet(snippet)
    else if (snippet.includes('describeEsqlAsyncApi('))
      it('register tests of a server', () => void runSnippet(snippet, IDLE))
    else
      it(`run: ${snippet.split('\n').find((line) => line !== '' && !line.startsWith('import'))}`, () =>
        void runSnippet(snippet))
  }

  it('test a client with a double', async () => {
    const { testTable } = runSnippet(snippetWith('startDouble('))
    await (testTable as (load: typeof loadTable) => Promise<void>)(loadTable)
  })

  const loadTable = async ({ esql }: Client, query: string): Promise<unknown[]> => {
    const { id = '' } = await esql.asyncQuery({ query })
    const { values } = await esql.asyncQueryGet({ id, wait_for_completion_timeout: '30s' })
    return (values as unknown[][]).map(([first]) => first)
  }

  it('replay a recorded catalogue', async () => {
    const startRecorded = exportOf<(catalogue: string) => Promise<Double>>('startRecorded')
    const catalogue = path.join(__dirname, '..', '..', 'sample-queries.json')
    const started = await startRecorded(catalogue)
    const client = new Client({ node: started.url, auth: { apiKey: 'any' } })
    expect(await client.esql.query({ query: 'FROM books | LIMIT 2' })).toMatchObject({ is_partial: false })
    await client.close()
    await started.close()
  })

  it('record hashes of the values of params, positional and named, and replay them', async () => {
    const startRecorded = exportOf<(catalogue: string) => Promise<Double>>('startRecorded')
    const folder = new RecordingFolder()
    const cluster = await startCluster()
    const returnToCi = leaveCi()
    const asked = [
      ['a@example.com', 9],
      [{ who: 'a@example.com' }, { of: { identifier: 'field' } }],
      [{ who: 'b@example.com' }, { of: { identifier: 'field' } }],
    ]
    const variables = { ESQL_RECORD: 'new', ES_URL: cluster.url, ES_API_KEY: API_KEY.encoded }
    const statuses: number[] = []
    try {
      for (const environment of [variables, {}]) {
        Object.assign(process.env, environment)
        const started = await startRecorded(folder.file)
        for (const name of Object.keys(variables)) delete process.env[name]
        for (const params of asked) {
          statuses.push((await new Asker(started.url).submit('FROM a', { params })).status)
        }
        await started.close()
      }
      const hash = expect.stringMatching(/^[0-9a-f]{16}$/)
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200])
      const recorded = folder.queries.map(({ params }) => params)
      expect(recorded).toHaveLength(3)
      expect(recorded).toEqual(
        expect.arrayContaining([
          [hash, hash],
          [{ who: hash }, { of: { identifier: hash } }],
        ]),
      )
      expect(cluster.requestsFor('submit')).toHaveLength(3)
    } finally {
      returnToCi()
      await cluster.close()
      folder.remove()
    }
  })

  it('give clients the envelope for malformed JSON behind a body parser', async () => {
    const createApp = exportOf<(router: api.AsyncQueryRouter) => Express>('createApp')
    const store = new api.MemoryStore({ execute: async () => ({ columns: [], values: [] }) })
    const router = api.asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }) })
    const post = supertest(createApp(router)).post('/es/_query/async').set('content-type', 'application/json')
    const { status, body } = await post.send('{"query":')
    expect([status, body.error.type]).toEqual([400, 'x_content_e_o_f_exception'])
  })
})

describe('the streaming engine of docs/stores.md', () => {
  const streamingStore =
    exportOf<(open: (query: string) => Promise<object>) => api.MemoryStore>('streamingStore')
  const alice = api.ownerOf('issuer', 'alice')
  const request = { query: 'FROM n' }
  const kept = { keepAliveMs: 60_000, keepOnCompletion: true }

  /** A cursor of as many rows, which then hangs until it is cancelled, or ends. */
  function cursorOf(rows: number, { hangs = false } = {}) {
    const calls: string[] = []
    let left = rows
    let cancel = (): void => {}
    const cursor = {
      async read(count: number) {
        const batch = Array.from({ length: Math.min(count, left) }, (_, index) => [rows - left + index])
        left -= batch.length
        if (batch.length > 0 || !hangs) return batch
        calls.push('waiting')
        return new Promise<never>((_resolve, reject) => {
          cancel = () => reject(new Error('cancelled'))
        })
      },
      cancel() {
        calls.push('cancel')
        cancel()
      },
      close: async () => void calls.push('close'),
    }
    return { calls, store: streamingStore(async () => cursor) }
  }

  it('gives all rows, counts them, and closes its cursor', async () => {
    const { calls, store } = cursorOf(250_000)
    const query = await store.submit(request, alice, {
      ...kept,
      waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY,
    })
    const { result } = query as api.CompletedQuery
    expect(result.statistics).toEqual({ rowsEmitted: 250_000 })
    expect(result.values).toMatchObject({ rowCount: 250_000 })
    const rows = await testKit.readRows(result)
    expect(rows.every(([n], index) => n === index)).toBe(true)
    expect(calls).toEqual(['close'])
  })

  it.each(['stop', 'delete'] as const)('is cancelled and closes its cursor at a %s', async (method) => {
    const { calls, store } = cursorOf(2_500, { hangs: true })
    const { id = '' } = await store.submit(request, alice, { ...kept, waitForCompletionTimeoutMs: 0 })
    while (calls.length === 0) await nextTurn()
    const answer = await store[method](id, alice)
    expect(calls).toEqual(['waiting', 'cancel', 'close'])
    if (method === 'delete') return
    const { isPartial, result } = answer as api.CompletedQuery
    expect([isPartial, (await testKit.readRows(result)).length]).toEqual([true, 2_500])
  })
})

describe('what stands beside the router in docs/gateway.md', () => {
  const values = Array.from({ length: 500 }, (_, n) => [n])
  const store = new api.MemoryStore({
    execute: async () => ({ columns: [{ name: 'n', type: 'integer' }], values }),
  })
  const resolveCaller = () => ({ owner: 'alice' })
  const router = api.asyncQueryRouter({ store, resolveCaller })
  const recipe = (name: string) => exportOf<(...parts: unknown[]) => Express>(name)

  it('answers what official clients ask first', async () => {
    const { body } = await supertest(recipe('answerInfo')(express())).get('/es/')
    expect(body.tagline).toBe('You Know, for Search')
  })

  it('answers probes', async () => {
    const app = express()
    recipe('addProbes')(app, { router, store, resolveCaller })
    const ask = async (path: string) => (await supertest(app).get(path)).body
    expect([await ask('/healthz'), await ask('/readyz')]).toEqual([
      { status: 'ok' },
      { ready: true, checks: { drain: 'ok' } },
    ])
  })
})

describe('the store in PostgreSQL of docs/stores.md', () => {
  const { DATABASE_URL } = process.env
  let database: TestDatabase

  beforeAll(async () => {
    database = await openDatabase()
    process.env.DATABASE_URL = database.url
  })
  afterAll(async () => {
    if (DATABASE_URL === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = DATABASE_URL
    await database.close()
  })

  it('is mounted in two gateways, which serve each other’s queries', async () => {
    const mount =
      exportOf<(...parts: unknown[]) => Promise<{ pool: Pool; store: api.PostgresStore }>>('mount')
    const execute = async () => ({ columns: [{ name: 'n', type: 'long' }], values: [[2n ** 60n]] })
    const resolveCaller = () => ({ owner: 'alice' })
    const apps = [express(), express()]
    const mounted = await Promise.all(apps.map((app) => mount(app, execute, resolveCaller)))
    try {
      const [one, other] = apps.map((app) => supertest(app))
      const submitted = await one?.post('/_query/async').send({ query: 'FROM n', keep_on_completion: true })
      const answer = await other?.get(`/_query/async/${submitted?.body.id}`)
      expect([answer?.status, answer?.text]).toEqual([200, submitted?.text])
      expect(answer?.text).toContain('"values":[[1152921504606846976]]')
    } finally {
      for (const { store, pool } of mounted) {
        await store.close()
        await pool.end()
      }
    }
  })

  it('hears notifications past a pooler', async () => {
    const storeOf = exportOf<(...parts: unknown[]) => api.PostgresStore>('storeBehindPgBouncer')
    const execute = async () => ({ columns: [], values: [] })
    const pool = new Pool({ connectionString: database.url })
    const [one, other] = [storeOf(pool, execute), storeOf(pool, execute)]
    await one.migrate()
    const alice = api.ownerOf('issuer', 'alice')
    const kept = { keepAliveMs: 60_000, keepOnCompletion: true, waitForCompletionTimeoutMs: 0 }
    const { id = '' } = await one.submit({ query: 'FROM n' }, alice, kept)
    const found = await other.get(id, alice, { waitForCompletionTimeoutMs: Number.POSITIVE_INFINITY })
    expect(found).toMatchObject({ id, isRunning: false })
    await Promise.all([one.close(), other.close()])
    await pool.end()
  })
})
