import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { transformSync } from '@swc/core'
import type { Express } from 'express'
import express from 'express'
import type { InstrumentOptions } from 'express-esql-async-query'
import * as api from 'express-esql-async-query'
import * as testKit from 'express-esql-async-query/test-kit'
import { Pool } from 'pg'
import supertest from 'supertest'
import { ERROR_STATUS } from '../../lib/core/errors'
import { FORMATS } from '../../lib/formats/formats'
import { defaultOf } from '../../lib/server/describe-settings'
import { ALL_SETTINGS, variableOf } from '../../lib/server/settings'
import { ManualClock } from '../../lib/test-kit'
import { tablesOf } from '../support/documented'
import { type Consumer, createConsumer, strictTsconfig } from '../support/packed'

const readme = readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8')

const blocks = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))
const textsIn = (language: string): string[] =>
  blocks.filter((block) => block.language === language).map(({ text }) => text)

const [gateway = '', client = '', ...library] = textsIn('ts')
const [standalone = '', , start = '', submit = '', get = ''] = textsIn('sh')
const [submitted = ''] = textsIn('json')
const [csv = ''] = textsIn('text')

describe('the README', () => {
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
    for (const [index, text] of textsIn('ts').entries()) consumer.write(`snippet-${index}.mts`, text)
    consumer.write('tsconfig.json', strictTsconfig({ skipLibCheck: true }))
    expect(consumer.tsc()).toBe('')
  })

  it('leads from an empty folder to a gateway and a result', async () => {
    const port = await freePort()
    consumer.write('gateway.mjs', gateway)
    consumer.write('client.mjs', client.replace('localhost:3000', `localhost:${port}`))
    consumer.write(
      'follow.sh',
      [
        'set -euo pipefail',
        "trap 'kill $(jobs -p)' EXIT",
        `export PORT=${port}`,
        start,
        `until curl -s -o /dev/null localhost:${port}; do :; done`,
        `SUBMITTED=$(${submit})`,
        'echo "$SUBMITTED"',
        'echo ---',
        `ID=$(echo "$SUBMITTED" | sed -n 's/.*"id" : "\\(.*\\)",/\\1/p')`,
        get,
        'echo ---',
        'node client.mjs',
      ]
        .join('\n')
        .replaceAll('localhost:3000', `localhost:${port}`),
    )
    const [submittedNow = '', csvNow = '', clientSaid = ''] = consumer.run('bash', 'follow.sh').split('---\n')
    const shown = submitted.split('\n').filter((line) => !line.includes('…'))
    expect(submittedNow.split('\n').filter((line) => shown.includes(line))).toEqual(shown)
    expect(csvNow.replaceAll('\r', '')).toBe(csv)
    expect(clientSaid).toContain('is_running: false')
  })

  it('has code for SIGTERM that lets the process end while a query runs and connections are open', async () => {
    const recipe = library.find((snippet) => snippet.includes('endOnSigterm')) ?? ''
    consumer.write('end-on-sigterm.cjs', toCommonJs(recipe))
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

  it('names a command that starts a gateway', () => {
    expect(standalone.trim()).toBe(`npx ${consumer.binName}`)
    expect(consumer.run('bash', '-c', `${standalone.trim()} --help`)).toContain(
      'Usage: express-esql-async-query',
    )
  })

  it('lists exactly the error types, with their status', () => {
    const rows = [...readme.matchAll(/^\| `(\w+)` +\| (\d{3}) +\|/gm)].map(([, type, status]) => [
      type,
      Number(status),
    ])
    expect(Object.fromEntries(rows)).toEqual(ERROR_STATUS)
  })

  it('names everything that the package exports', () => {
    const sources = ['index.ts', 'test-kit/index.ts'].map((file) =>
      readFileSync(path.join(__dirname, '..', '..', 'lib', file), 'utf8'),
    )
    const exported = [...sources.join('\n').matchAll(/^export (?:type )?\{([^}]*)\}/gm)]
      .flatMap(([, names = '']) => names.split(','))
      .map((name) => name.trim())
      .filter((name) => name !== '')
    const [, section = ''] = /^## Names\n([\s\S]*?)^## /m.exec(readme) ?? []
    const named = [...section.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    expect(named.toSorted()).toEqual([...exported, testKit.describeAsyncQueryStore.name].sort())
  })

  it('lists exactly the settings of the standalone gateway, with their defaults', () => {
    const [rows = []] = tablesOf(readme, 'variable')
    expect(rows).toEqual(
      ALL_SETTINGS.map((setting) => [`\`${variableOf(setting)}\``, defaultOf(setting) ?? '']),
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
      opaqueId: true,
      traceId: true,
      err: true,
    }
    const rows = /^\| field [\s\S]*?\n\n/m.exec(readme)?.[0] ?? ''
    const cells = [...rows.matchAll(/^\| (`[^|]*)\|/gm)].map(([, cell = '']) => cell)
    const names = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
    expect(names).toEqual(Object.keys(known))
  })

  it('lists exactly the instruments, with kind, unit and description', () => {
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
        return { add() {}, record() {} }
      }
    const meter = {
      createCounter: kind('counter'),
      createUpDownCounter: kind('up-down counter'),
      createHistogram: kind('histogram'),
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
    created.push(...ofPostgres)
    const [rows = []] = tablesOf(readme, 'instrument')
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

function toCommonJs(snippet: string): string {
  return transformSync(snippet, {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'commonjs' },
  }).code
}

/** Runs a snippet that uses the package, and gives it the functions of the test runner. Returns what it exports. */
/** Runs no test: there is no server to ask. */
const IDLE: testKit.TestRunner = { describe: (_, body) => body(), it: () => {} }

function run(snippet: string, runner: testKit.TestRunner = { describe, it }): Record<string, unknown> {
  const modules: Record<string, unknown> = {
    'express-esql-async-query': api,
    'express-esql-async-query/test-kit': testKit,
  }
  const exported = {}
  new Function('require', 'exports', 'describe', 'it', toCommonJs(snippet))(
    (name: string) => modules[name] ?? require(name),
    exported,
    runner.describe,
    runner.it,
  )
  return exported
}

describe('the snippets of the README', () => {
  beforeAll(() => {
    process.env.JWT_SECRET = 'x'.repeat(64)
    process.env.ESQL_ASYNC_SEALING_KEYS = api.newSealingKey()
  })

  for (const snippet of library) {
    if (snippet.includes('describeAsyncQueryStore(')) run(snippet)
    else if (snippet.includes('describeEsqlAsyncApi('))
      it('register tests of a server', () => void run(snippet, IDLE))
    else
      it(`run: ${snippet.split('\n').find((line) => line !== '' && !line.startsWith('import'))}`, () =>
        void run(snippet))
  }

  it('give clients the envelope for malformed JSON behind a body parser', async () => {
    const snippet = library.find((text) => text.includes('esqlErrorHandler()')) ?? ''
    const createApp = run(snippet).createApp as (router: api.AsyncQueryRouter) => Express
    const store = new api.MemoryStore({ execute: async () => ({ columns: [], values: [] }) })
    const router = api.asyncQueryRouter({ store, resolveCaller: () => ({ owner: 'alice' }) })
    const post = supertest(createApp(router)).post('/es/_query/async').set('content-type', 'application/json')
    const { status, body } = await post.send('{"query":')
    expect([status, body.error.type]).toEqual([400, 'x_content_e_o_f_exception'])
  })
})

describe('the streaming engine of the README', () => {
  const snippet = library.find((text) => text.includes('streamingStore')) ?? ''
  const streamingStore = run(snippet).streamingStore as (
    open: (query: string) => Promise<object>,
  ) => api.MemoryStore
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

describe('the recipes of the README for what stands beside the router', () => {
  const values = Array.from({ length: 500 }, (_, n) => [n])
  const store = new api.MemoryStore({
    execute: async () => ({ columns: [{ name: 'n', type: 'integer' }], values }),
  })
  const resolveCaller = () => ({ owner: 'alice' })
  const router = api.asyncQueryRouter({ store, resolveCaller })
  const recipe = (name: string) =>
    run(library.find((text) => text.includes(`function ${name}(`)) ?? '')[name] as (
      ...parts: unknown[]
    ) => Express

  it.each(FORMATS)('compresses %s', async (format) => {
    const { status, headers } = await supertest(recipe('withCompression')(router))
      .post(`/es/_query/async?format=${format}`)
      .set('accept-encoding', 'gzip')
      .send({ query: 'FROM books' })
    expect([status, headers['content-encoding'], headers.vary]).toEqual([200, 'gzip', 'Accept-Encoding'])
  })

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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
