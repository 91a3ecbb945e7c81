import { connect } from 'node:net'
import type { AsyncQueryStore } from 'express-esql-async-query'
import { MemoryStore } from 'express-esql-async-query'
import { atOnce } from '../../../lib/core/turns'
import { fingerprintOf } from '../../../lib/request/fingerprint'
import { completedJson, errorJson, FAILURE, runningJson } from '../../support/engine'
import type { Answer, Client, GatewayOptions } from '../../support/gateway'
import { type Gateway, startGateway } from '../../support/gateway'
import { LeavingClient } from '../../support/leaving-client'
import { token } from '../../support/tokens'
import { until } from '../../support/until'

const SUBMIT = 'POST /_query/async'
const KEY = { 'idempotency-key': '"k"' }
const RUN = { query: 'RUN', wait_for_completion_timeout: '0s' }

const REUSED = errorJson(
  422,
  'illegal_argument_exception',
  '[Idempotency-Key] [k] belongs to another query that you have submitted; send a new key with a new query',
)
const UNSUPPORTED = errorJson(
  400,
  'illegal_argument_exception',
  'the store of this server does not support [Idempotency-Key]; send the request without it, ' +
    'and keep in mind that a request that is sent twice starts two queries',
)

describe('POST /_query/async with an Idempotency-Key', () => {
  let gateway: Gateway

  beforeEach(() => start())
  afterEach(() => gateway.close())

  async function start(options: GatewayOptions = {}): Promise<void> {
    gateway = await startGateway(options)
  }

  function submit(
    body: object | string,
    {
      target = SUBMIT,
      headers = {},
      as = gateway.alice,
    }: { target?: string; headers?: object; as?: Client } = {},
  ): Promise<Answer> {
    return as(target, { headers: { 'content-type': 'application/json', ...KEY, ...headers }, body })
  }

  it('answers with the id of the query that runs, and starts nothing', async () => {
    const first = await submit(RUN)
    const again = await submit(RUN)
    expect([again.status, again.text]).toEqual([200, first.text])
    expect(first.text).toBe(runningJson(first.headers['x-elasticsearch-async-id'] ?? ''))
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it('answers with the result of a query that is not kept, without an id, for ten minutes', async () => {
    const first = await submit({ query: 'ROW n = 1' })
    await gateway.clock.advance(599_999)
    const again = await submit({ query: 'ROW n = 1' })
    expect([again.status, again.text]).toEqual([200, completedJson()])
    expect(again.text).toBe(first.text)
    expect(again.headers).not.toHaveProperty('x-elasticsearch-async-id')
    expect(gateway.engine.requests).toHaveLength(1)
    await gateway.clock.advance(1)
    expect((await submit({ query: 'ROW n = 1' })).status).toBe(200)
    expect(gateway.engine.requests).toHaveLength(2)
  })

  it('remembers for as long as the operator says', async () => {
    await gateway.close()
    await start({ memory: { idempotencyWindowMs: 5_000 } })
    await submit({ query: 'ROW n = 1' })
    await gateway.clock.advance(5_000)
    await submit({ query: 'ROW n = 1' })
    expect(gateway.engine.requests).toHaveLength(2)
  })

  it('answers with the error of a query that has failed', async () => {
    const answers = [await submit({ query: 'FAIL' }), await submit({ query: 'FAIL' })]
    for (const { status, text } of answers) {
      expect([status, text]).toEqual([400, errorJson(400, FAILURE.type, FAILURE.reason)])
    }
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it('writes each answer in the format that its submit asks for', async () => {
    const query = { query: 'ROW n = 1' }
    await submit(query)
    const csv = await submit(query, { target: `${SUBMIT}?format=csv&delimiter=%3B&drop_null_columns` })
    expect(csv.text).toBe('n;name;price\r\n9007199254740993;"one, ""1""";1.0\r\n2;tw\u00f6;1.0E-4\r\n')
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it('runs one query for submits at the same time, each of which waits as long as it asks', async () => {
    const patient = { query: 'RUN', wait_for_completion_timeout: '1h' }
    const waiting = [submit(patient), submit(patient)]
    await until(() => gateway.router.waiting === 2)
    const { json } = await submit(RUN)
    expect(json).toMatchObject({ is_running: true })
    expect(gateway.engine.runs).toHaveLength(1)
    gateway.engine.run.complete()
    for (const answer of waiting) expect((await answer).text).toBe(completedJson())
    expect((await gateway.alice(`GET /_query/async/${(json as { id: string }).id}`)).text).toBe(
      completedJson(),
    )
  })

  const FULL = {
    ...{ query: 'RUN', params: [{ a: 1 }], filter: { term: { b: 2, c: 3 } }, locale: 'de', columnar: true },
    ...{ time_zone: 'UTC', profile: true, keep_alive: '1h', keep_on_completion: true },
    wait_for_completion_timeout: '0s',
  }

  it.each<[string, object | string, string?]>([
    ['in another order', Object.fromEntries(Object.entries(FULL).toReversed())],
    ['with a filter in another order', { ...FULL, filter: { term: { c: 3, b: 2 } } }],
    ['with blanks', ` ${JSON.stringify(FULL, null, 4)}\n`],
    ['with another spelling of a number', JSON.stringify(FULL).replace('"b":2', '"b":2.0')],
    ['with another spelling of a time', { ...FULL, keep_alive: '60m' }],
    ['with another wait', { ...FULL, wait_for_completion_timeout: '-1' }],
    ['with another format', FULL, '?format=yaml'],
    ['with another filter_path', FULL, '?filter_path=id&pretty&human'],
  ])('takes a body %s for the same', async (_, body, parameters = '') => {
    await submit(FULL)
    expect((await submit(body, { target: `${SUBMIT}${parameters}` })).status).toBe(200)
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it('takes the same body in the URL for the same', async () => {
    await submit(FULL)
    const source = encodeURIComponent(JSON.stringify(FULL))
    const target = `${SUBMIT}?format=json&source=${source}&source_content_type=application/json`
    expect((await gateway.alice(target, { headers: KEY })).status).toBe(200)
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it.each<[string, object, string?]>([
    ['query', { ...FULL, query: 'RUN ' }],
    ['parameter', { ...FULL, params: [{ a: 2 }] }],
    ['name of a parameter', { ...FULL, params: [{ b: 1 }] }],
    ['type of a parameter', { ...FULL, params: [{ a: '1' }] }],
    ['filter', { ...FULL, filter: { term: { b: 2 } } }],
    ['locale', { ...FULL, locale: 'fr' }],
    ['time_zone', { ...FULL, time_zone: 'Z' }],
    ['columnar', { ...FULL, columnar: false }],
    ['profile', { ...FULL, profile: false }],
    ['keep_alive', { ...FULL, keep_alive: '2h' }],
    ['keep_on_completion', { ...FULL, keep_on_completion: false }],
    ['include_execution_metadata', { ...FULL, include_execution_metadata: true }],
    ['setting', { ...FULL, settings: { column_metadata: true } }],
    ['allow_partial_results', FULL, '?allow_partial_results=false'],
  ])('answers 422 to another %s', async (_, body, parameters = '') => {
    await submit(FULL)
    const { status, text } = await submit(body, { target: `${SUBMIT}${parameters}` })
    expect([status, text]).toEqual([422, REUSED])
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it('tells integers beyond 2^53 apart', async () => {
    const body = (digit: number) =>
      `{"query":"ROW n = ?","params":[900719925474099${digit}],"wait_for_completion_timeout":"0s"}`
    expect((await submit(body(2))).status).toBe(200)
    expect((await submit(body(3))).status).toBe(422)
    expect((await submit(body(2))).status).toBe(200)
  })

  it('writes the 422 in the format that the client asks for', async () => {
    await submit(RUN)
    const { status, text } = await submit({ query: 'RUN 2' }, { target: `${SUBMIT}?format=yaml` })
    expect(status).toBe(422)
    expect(text).toContain('status: 422')
  })

  it('answers about a foreign key as about an unknown one', async () => {
    await submit({ ...RUN, keep_on_completion: true })
    const foreign = await submit(RUN, { as: gateway.mallory })
    expect(foreign.text).toBe(runningJson(foreign.headers['x-elasticsearch-async-id'] ?? ''))
    expect(gateway.engine.requests).toHaveLength(2)
  })

  it('uses up no key with a request that is refused', async () => {
    await gateway.close()
    await start({ memory: { maxQueriesPerOwner: 1 } })
    const { json } = await gateway.alice(SUBMIT, { body: RUN })
    expect((await submit({ query: ' ' })).status).toBe(400)
    expect((await submit({ query: 'RUN 1' })).status).toBe(429)
    await gateway.alice(`DELETE /_query/async/${(json as { id: string }).id}`)
    expect((await submit({ query: 'RUN 2' })).status).toBe(200)
  })

  it('goes on with a query whose client has left, and gives it to the client that comes back', async () => {
    const body = { query: 'RUN', wait_for_completion_timeout: '1h' }
    const client = new LeavingClient(gateway.url, SUBMIT, {
      token: token({ sub: 'alice' }),
      body,
      headers: KEY,
    })
    await until(() => gateway.engine.runs.length === 1)
    client.leave()
    await until(() => gateway.router.waiting === 0)
    const again = submit(body)
    await until(() => gateway.router.waiting === 1)
    gateway.engine.run.complete()
    expect((await again).text).toBe(completedJson())
    expect(gateway.engine.requests).toHaveLength(1)
  })

  it('reads a key that stands without quotes as the same', async () => {
    await submit(RUN)
    expect((await submit({ query: 'x' }, { headers: { 'idempotency-key': 'k' } })).status).toBe(422)
  })

  it.each([
    ['an empty one', ''],
    ['one in broken quotes', '"a'],
    ['one that is too long', 'a'.repeat(256)],
  ])('refuses %s before it reads the body', async (_, key) => {
    const { status, json } = await submit('{', { headers: { 'idempotency-key': key } })
    expect(status).toBe(400)
    expect(json).toMatchObject({
      error: {
        type: 'illegal_argument_exception',
        reason: expect.stringContaining(`invalid [Idempotency-Key] header [${key}]: it must be`),
      },
    })
  })

  it('refuses two headers', async () => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
    const body = '{"query":"RUN"}'
    const head = [
      ...['POST /_query/async HTTP/1.1', 'Host: x', `Authorization: Bearer ${token({ sub: 'alice' })}`],
      ...['Connection: close', 'Content-Type: application/json', `Content-Length: ${body.length}`],
      ...['Idempotency-Key: "a"', 'idempotency-key: "a"'],
    ]
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
    let answer = ''
    for await (const chunk of socket) answer += chunk
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('multiple [Idempotency-Key] headers are not allowed')
    expect(gateway.engine.requests).toEqual([])
  })

  it('is refused where the query is synchronous, which is not kept', async () => {
    const { status, text } = await submit({ query: 'ROW n = 1' }, { target: 'POST /_query' })
    const reason =
      '[Idempotency-Key] needs a query that is kept, and a synchronous one is not; submit it to [/_query/async]'
    expect([status, text]).toEqual([400, errorJson(400, 'illegal_argument_exception', reason)])
    expect(gateway.engine.requests).toEqual([])
  })

  it('is refused on a store that does not say that it obeys keys', async () => {
    await gateway.close()
    let submits = 0
    const store: AsyncQueryStore = {
      get: async () => undefined,
      async submit() {
        submits += 1
        return { isRunning: true, id: 'x' }
      },
    }
    await start({ store })
    const { status, text } = await submit(RUN)
    expect([status, text, submits]).toEqual([400, UNSUPPORTED, 0])
    expect((await gateway.alice(SUBMIT, { body: RUN })).status).toBe(200)
  })

  it('comes to a store with a fingerprint that another process makes too', async () => {
    await gateway.close()
    const seen: unknown[] = []
    const memory = new MemoryStore({ execute: () => ({ columns: [], values: [] }) })
    await start({
      store: {
        idempotentSubmit: true,
        get: async () => undefined,
        submit(request, owner, options) {
          seen.push(options.idempotency)
          return memory.submit(request, owner, options)
        },
      },
    })
    await submit({ query: 'ROW n = 1', keep_alive: '1h' })
    await gateway.alice(SUBMIT, { body: { query: 'ROW n = 1' } })
    const identity = { request: { query: 'ROW n = 1' }, keepAliveMs: 3_600_000, keepOnCompletion: false }
    expect(seen).toEqual([{ key: 'k', fingerprint: atOnce(fingerprintOf(identity)) }, undefined])
    await memory.close()
  })

  it('is ignored by the other operations', async () => {
    const { json } = await submit(RUN)
    const { id } = json as { id: string }
    const headers = { 'idempotency-key': '"' }
    for (const target of [`GET /_query/async/${id}?wait_for_completion_timeout=0s`, 'GET /_query/queries']) {
      expect((await gateway.alice(target, { headers })).status).toBe(200)
    }
    expect((await gateway.alice(`POST /_query/async/${id}/stop`, { headers })).status).toBe(200)
    expect((await gateway.alice(`DELETE /_query/async/${id}`, { headers })).status).toBe(200)
  })
})
