import { once } from 'node:events'
import { connect } from 'node:net'
import { Client } from '@elastic/elasticsearch'
import type { Double, Fault } from 'express-esql-async-query/double'
import {
  answer,
  badGateway,
  cut,
  delay,
  expiredToken,
  garbage,
  lose,
  notElasticsearch,
  rateLimited,
  reset,
  silence,
  slow,
  stall,
  unavailable,
} from 'express-esql-async-query/double'
import { Asker, startCheckedDouble, TABLE } from '../../support/double'

describe('a fault', () => {
  let double: Double
  let alice: Asker

  beforeAll(async () => {
    double = await startCheckedDouble({ clock: 'manual' })
    alice = new Asker(double.url)
  })
  beforeEach(() => {
    double.on('FROM a').completes(TABLE)
  })
  afterEach(() => double.reset())
  afterAll(() => double.close())

  it.each<[Fault, number, RegExp]>([
    [unavailable(), 503, /no_shard_available_action_exception/],
    [badGateway(), 502, /<h1>502 Bad Gateway<\/h1>/],
    [rateLimited(), 429, /es_rejected_execution_exception/],
    [expiredToken(), 401, /"reason":"token expired".*error=\\"invalid_token\\"/],
    [answer({ status: 418, body: { tea: true } }), 418, /^\{"tea":true\}$/],
    [answer({ status: 200, body: 'x', headers: { 'content-type': 'text/csv' } }), 200, /^x$/],
    [answer({ status: 204 }), 204, /^$/],
  ])('%j answers in place of the double', async (fault, status, body) => {
    double.fault('submit', fault)
    const refused = await alice.submit('FROM a')
    expect([refused.status, refused.text]).toEqual([status, expect.stringMatching(body)])
    expect((await alice.submit('FROM a')).status).toBe(200)
    expect(double.requests).toMatchObject([
      { operation: 'submit', query: 'FROM a', fault: fault.name, status, waitMs: undefined },
      { fault: undefined, status: 200 },
    ])
  })

  it('tells when to try again', async () => {
    double.fault('get', rateLimited({ retryAfter: 7 }))
    expect((await alice.get('x')).headers.get('retry-after')).toBe('7')
    double.fault('get', rateLimited())
    expect((await alice.get('x')).headers.get('retry-after')).toBe('1')
  })

  it.each<[Fault, boolean]>([
    [reset(), false],
    [garbage(), false],
    [lose(), true],
    [cut(0), true],
    [cut(20), true],
  ])('%j breaks the connection', async (fault, isServed) => {
    double.fault('submit', fault)
    await expect(alice.submit('FROM a', { keep_on_completion: true })).rejects.toThrow(/failed|terminated/)
    expect(double.requests).toMatchObject([{ status: 'aborted', fault: fault.name }])
    expect(double.requests[0]?.waitMs).toBe(isServed ? 0 : undefined)
  })

  it('loses the answer of a query that goes on', async () => {
    double.on('FROM b').neverEnds()
    double.fault('submit', lose())
    await expect(alice.submit('FROM b', { wait_for_completion_timeout: '0s' })).rejects.toThrow()
    expect(Object.keys(JSON.parse((await alice.send('GET', '/_query/queries')).text).queries)).toHaveLength(1)
    const [{ id } = { id: '' }] = double.requests
    expect((await alice.get(`${id}`)).json.is_running).toBe(true)
  })

  it('cuts and stalls a body after just so many bytes, and leaves a shorter one', async () => {
    const whole = (await alice.submit('FROM a')).text
    const ask = `POST /_query/async HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YTpi\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"query":"FROM a"}`
    double.fault('submit', cut(9))
    const socket = connect(Number(new URL(double.url).port), '127.0.0.1').setEncoding('utf8')
    let received = ''
    socket.on('data', (text) => {
      received += text
    })
    socket.write(ask)
    await once(socket, 'close')
    expect(received.split('\r\n\r\n')[1]).toBe(whole.slice(0, 9))
    double.fault('submit', cut(1_000_000))
    double.fault('submit', stall(1_000_000))
    for (let submit = 0; submit < 2; submit += 1)
      expect((await alice.submit('FROM a')).text).toHaveLength(whole.length)
  })

  it.each<[Fault, unknown]>([
    [silence(), 'aborted'],
    [stall(0), 'aborted'],
    [stall(9), 'aborted'],
  ])('%j goes on until the client leaves, and counts as a wait', async (fault, status) => {
    double.fault('submit', fault)
    const leaving = new AbortController()
    const answered = fetch(`${double.url}/_query/async`, {
      method: 'POST',
      headers: { ...alice.headers, 'content-type': 'application/json' },
      body: '{"query":"FROM a"}',
      signal: leaving.signal,
    }).then((response) => response.text())
    await double.waiting(1)
    expect(double.requests).toMatchObject([{ status, fault: fault.name }])
    leaving.abort()
    await expect(answered).rejects.toThrow(/abort/)
    await double.waiting(0)
  })

  it('delays by the clock of the double', async () => {
    double.fault('submit', delay('3s'))
    const submitted = alice.submit('FROM a')
    await double.waiting(1)
    await double.advance('3s')
    expect((await submitted).json.values).toEqual(TABLE.values)
  })

  it('sends slowly by the clock of the double', async () => {
    const { length } = (await alice.submit('FROM a')).text
    double.fault('submit', slow(100))
    const submitted = alice.submit('FROM a')
    await double.waiting(1)
    await double.advance((length / 100 - 1) * 1_000)
    await double.waiting(1)
    await double.advance('2s')
    expect((await submitted).text).toHaveLength(length)
    expect(double.requests.at(-1)).toMatchObject({ status: 200, fault: 'slow' })
  })

  it('takes the product header away, without which the official client refuses an answer', async () => {
    const client = new Client({ node: double.url, auth: { apiKey: 'x' } })
    double.fault('submit', notElasticsearch())
    await expect(client.esql.asyncQuery({ query: 'FROM a' })).rejects.toThrow('not Elasticsearch')
  })

  it('of the product information fails a ping', async () => {
    const client = new Client({ node: double.url, auth: { apiKey: 'x' }, maxRetries: 0 })
    double.fault('info', unavailable())
    await expect(client.ping()).rejects.toThrow()
    expect(await client.ping()).toBe(true)
  })

  it('comes true as often as it says', async () => {
    double.fault('get', unavailable(), 2)
    double.fault('get', badGateway({ times: 2 }))
    const statuses = []
    for (let get = 0; get < 5; get += 1) statuses.push((await alice.get('x')).status)
    expect(statuses).toEqual([503, 503, 502, 502, 400])
  })

  it('is for requests of its kind only', async () => {
    double.fault('submit', unavailable({ of: { query: 'from a', owner: 'Basic alice' } }))
    double.on('FROM b').completes(TABLE)
    const mallory = new Asker(double.url, { authorization: 'ApiKey x' })
    const statuses = []
    for (const [as, query] of [
      [mallory, 'FROM a'],
      [alice, 'FROM b'],
      [alice, 'FROM a'],
    ] as const) {
      statuses.push((await as.submit(query)).status)
    }
    expect(statuses).toEqual([200, 200, 503])
  })

  it('meets a share of the requests, the same ones for the same seed', async () => {
    const struck = async (seed?: number) => {
      double.reset()
      double.fault('get', unavailable({ share: 0.5, ...(seed !== undefined && { seed }) }))
      for (let get = 0; get < 40; get += 1) await alice.get('x')
      double.assertDone()
      return double.requests.map(({ status }) => status === 503)
    }
    const [first, again, other] = [await struck(), await struck(1), await struck(2)]
    expect(again).toEqual(first)
    expect(other).not.toEqual(first)
    expect(first.filter(Boolean).length).toBeGreaterThan(10)
    expect(first.filter(Boolean).length).toBeLessThan(30)
  })

  it.each<[Fault]>([[silence()], [delay('1h')], [stall(3)]])(
    '%j ends with its connection at a reset',
    async (fault) => {
      double.fault('submit', fault)
      const held = expect(alice.submit('FROM a')).rejects.toThrow(/failed|terminated/)
      await double.waiting(1)
      double.reset()
      await held
      await double.advance('1h')
      await double.waiting(0)
      expect(double.requests).toEqual([])
      double.assertDone()
    },
  )

  it('that never came true is left over', async () => {
    double.fault('get', reset(), 3)
    double.fault('stop', lose({ times: Number.POSITIVE_INFINITY }))
    await expect(alice.get('x')).rejects.toThrow()
    expect(() => double.assertDone()).toThrow(
      'the double is not done:\n- the fault reset of get came true 1 of 3 times\n- the fault lose of stop came true never',
    )
  })

  it.each<[() => unknown, string]>([
    [() => cut(-1), 'cut takes a number of bytes, got `-1`'],
    [() => slow(0), 'slow takes a number of bytes in a second, got `0`'],
    [() => delay('x'), 'delay takes milliseconds'],
    [() => double.fault('gett' as 'get', reset()), 'there is no operation `gett`'],
    [() => double.fault('get', reset() && { name: 'x', options: {} }), 'a fault is what'],
    [() => double.fault('get', reset(), 0), 'a number of times'],
    [() => double.fault('get', reset({ share: 2 })), 'from 0 to 1'],
  ])('is refused where it is written: %s', (write, text) => {
    expect(write).toThrow(text)
  })
})
