import type { AsyncQueryStore, Caller } from 'express-esql-async-query'
import { ownerOf } from 'express-esql-async-query'
import { parse as parseYaml } from 'yaml'
import { errorJson, FAILURE, runningJson } from '../../support/engine'
import type { Answer, Client, Gateway } from '../../support/gateway'
import { startGateway } from '../../support/gateway'
import { decoders } from '../../support/json-family'

const NOW = Date.UTC(2025, 0, 1)

const IDLE = '{"queries":{}}'

describe('running queries', () => {
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  async function submit(client: Client = gateway.alice, body: object = {}): Promise<string> {
    const { headers } = await client('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', ...body },
    })
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  async function listed(client: Client = gateway.alice): Promise<string[]> {
    const { queries }: { queries: object } = (await client('GET /_query/queries')).json
    return Object.keys(queries)
  }

  describe('GET /_query/queries', () => {
    it('is empty for a caller whose queries do not run', async () => {
      const { status, headers, text } = await gateway.alice('GET /_query/queries')
      expect({ status, text }).toEqual({ status: 200, text: IDLE })
      expect(headers).toMatchObject({ 'content-type': 'application/json', 'content-length': '14' })
      expect(headers).not.toHaveProperty('took-nanos')
      expect(headers).not.toHaveProperty('x-elasticsearch-async-is-running')
    })

    it('has the running queries in the order of their start, with text and times', async () => {
      const first = await submit()
      await gateway.clock.advance(1_500)
      const second = await submit()
      await gateway.clock.advance(0.25)
      expect((await gateway.alice('GET /_query/queries/')).text).toBe(
        `{"queries":{"${first}":{"start_time_millis":${NOW},"running_time_nanos":1500250000,"query":"RUN"},` +
          `"${second}":{"start_time_millis":${NOW + 1_500},"running_time_nanos":250000,"query":"RUN"}}}`,
      )
    })

    it('counts more nanoseconds than a double holds exactly', async () => {
      await submit(gateway.alice, { keep_alive: '200d' })
      await gateway.clock.advance(150 * 86_400_000)
      expect((await gateway.alice('GET /_query/queries')).text).toContain(
        '"running_time_nanos":12960000000000000,',
      )
    })

    it('shows a query while its submit waits, and not when it has ended', async () => {
      const submitted = gateway.alice('POST /_query/async', { body: { query: 'RUN' } })
      while ((await listed()).length === 0) await new Promise((resolve) => setImmediate(resolve))
      gateway.engine.run.complete()
      await submitted
      expect((await gateway.alice('GET /_query/queries')).text).toBe(IDLE)
    })

    it('has no query that is finished, failed, stopped, deleted or expired', async () => {
      await submit()
      gateway.engine.run.complete()
      await submit()
      gateway.engine.run.fail(FAILURE)
      await gateway.alice(`POST /_query/async/${await submit()}/stop`)
      await gateway.alice(`DELETE /_query/async/${await submit()}`)
      await submit(gateway.alice, { keep_alive: '1s' })
      const running = await submit()
      await gateway.clock.advance(1_000)
      expect(await listed()).toEqual([running])
    })

    it('has ids for the other operations', async () => {
      await submit()
      const [id = ''] = await listed()
      expect((await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)).text).toBe(
        runningJson(id),
      )
      expect((await gateway.alice(`DELETE /_query/async/${id}`)).status).toBe(200)
    })

    it('has only the own queries of a caller who is no monitor', async () => {
      const [own, foreign] = [await submit(), await submit(gateway.mallory)]
      expect([await listed(), await listed(gateway.mallory), await listed(gateway.admin)]).toEqual([
        [own],
        [foreign],
        [],
      ])
    })

    it('has the queries of all owners for a monitor, who may do nothing else with them', async () => {
      const ids = [await submit(), await submit(gateway.mallory)]
      expect(await listed(gateway.monitor)).toEqual(ids)
      const [id] = ids
      for (const target of [
        `GET /_query/async/${id}`,
        `POST /_query/async/${id}/stop`,
        `DELETE /_query/async/${id}`,
      ]) {
        expect(await gateway.monitor(target)).toMatchObject({
          status: 404,
          text: errorJson(404, 'resource_not_found_exception', String(id)),
        })
      }
    })

    it.each(Object.entries(decoders))('is written as %s', async (format, decode) => {
      const id = await submit()
      const body = { queries: { [id]: { start_time_millis: NOW, running_time_nanos: 0, query: 'RUN' } } }
      for (const request of [{ headers: { accept: `application/${format}` } }, {}]) {
        const target = request.headers ? '' : `?format=${format}`
        const answer = await gateway.alice(`GET /_query/queries${target}`, request)
        expect(answer.headers['content-type']).toBe(`application/${format}`)
        expect(decode(answer.body)).toEqual(body)
      }
    })

    it.each(['csv', 'arrow', 'nope'])('is written as JSON with format=%s', async (format) => {
      const { headers, text } = await gateway.alice(`GET /_query/queries?format=${format}`)
      expect([headers['content-type'], text]).toEqual(['application/json', IDLE])
    })

    it('takes the vendor media types of clients', async () => {
      const accept = 'application/vnd.elasticsearch+json;compatible-with=9'
      const { headers } = await gateway.alice('GET /_query/queries', { headers: { accept } })
      expect(headers['content-type']).toBe(accept)
    })

    it.each([
      ['pretty', '{\n  "queries" : { }\n}\n'],
      ['human', IDLE],
      ['filter_path=queries.*.query', '{}'],
      ['error_trace', IDLE],
    ])('takes the parameter %s', async (parameter, text) => {
      expect((await gateway.alice(`GET /_query/queries?${parameter}`)).text).toBe(text)
    })

    it('filters by filter_path', async () => {
      const id = await submit()
      const { text } = await gateway.alice('GET /_query/queries?filter_path=queries.*.query')
      expect(text).toBe(`{"queries":{"${id}":{"query":"RUN"}}}`)
    })

    it.each<[string, object, string]>([
      ['delimiter=x', {}, 'request [/_query/queries] contains unrecognized parameter: [delimiter]'],
      [
        'formt=json&keep_alive=1d',
        {},
        'request [/_query/queries] contains unrecognized parameters: [formt] -> did you mean [format]?, [keep_alive]',
      ],
      ['pretty=maybe', {}, 'Failed to parse value [maybe] as only [true] or [false] are allowed.'],
    ])('refuses %s', async (query, request, reason) => {
      expect(await gateway.alice(`GET /_query/queries?${query}`, request)).toMatchObject({
        status: 400,
        text: errorJson(400, 'illegal_argument_exception', reason),
      })
    })

    it('refuses a body', async () => {
      const sent = await fetchWithBody('/_query/queries')
      expect(sent).toMatchObject({
        status: 400,
        text: errorJson(
          400,
          'illegal_argument_exception',
          'request [GET /_query/queries] does not support having a body',
        ),
      })
    })

    it.each(['HEAD', 'POST', 'PUT', 'DELETE'])('answers 405 to %s, as Elasticsearch does', async (method) => {
      for (const path of ['/_query/queries', '/_query/queries/foo']) {
        const { status, headers } = await gateway.alice(`${method} ${path}`)
        expect({ status, allow: headers.allow }).toEqual({ status: 405, allow: 'GET' })
      }
    })

    it('tells its methods without a token', async () => {
      const { status, headers } = await gateway.anonymous('OPTIONS /_query/queries')
      expect({ status, allow: headers.allow }).toEqual({ status: 200, allow: 'GET' })
    })

    it('is for known callers only', async () => {
      expect((await gateway.anonymous('GET /_query/queries')).status).toBe(401)
    })

    it('sends a long list in pieces, and all of it', async () => {
      const endless = await startGateway({
        memory: { execute: () => new Promise(() => {}), interruptGraceMs: 0 },
      })
      const query = `FROM a${' '.repeat(100_000)}`
      for (let count = 0; count < 6; count += 1) await submit(endless.alice, { query })
      const { headers, text } = await endless.alice('GET /_query/queries')
      const { queries }: { queries: Record<string, { query: string }> } = JSON.parse(text)
      expect(headers).not.toHaveProperty('content-length')
      expect(Object.values(queries).map((listed) => listed.query)).toEqual(Array(6).fill(query))
      const closed = endless.close()
      await endless.clock.advance(1)
      await closed
    })

    async function fetchWithBody(path: string): Promise<Pick<Answer, 'status' | 'text'>> {
      return gateway.alice(`GET ${path}`, { body: { a: 1 } })
    }
  })

  describe('GET /_query/queries/{id}', () => {
    const counters = (documentsFound: number, valuesLoaded: number) =>
      `"documents_found":${documentsFound},"values_loaded":${valuesLoaded}`
    const shown = (found: number, loaded: number, nanos = 0) =>
      `{"start_time_millis":${NOW},"running_time_nanos":${nanos},${counters(found, loaded)},"query":"RUN"}`

    it('has text, times and progress of a running query', async () => {
      const id = await submit()
      await gateway.clock.advance(3)
      const { status, headers, text } = await gateway.alice(`GET /_query/queries/${id}`)
      expect({ status, text }).toEqual({ status: 200, text: shown(0, 0, 3_000_000) })
      expect(headers['content-length']).toBe(String(text.length))
      expect(headers).not.toHaveProperty('x-elasticsearch-async-id')
    })

    it('has what the engine has reported last, as a get has', async () => {
      const id = await submit()
      const { report } = gateway.engine.run
      const statistics = { documentsFound: 7, valuesLoaded: 2 ** 60, rowsEmitted: 5, cpuNanos: 9 }
      report({ columns: [], values: [], statistics: { documentsFound: 1 } })
      report({ columns: [], values: [], statistics })
      expect((await gateway.alice(`GET /_query/queries/${id}`)).text).toBe(
        shown(7, 2 ** 60).replace(String(2 ** 60), '1152921504606846976'),
      )
      const get = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)
      expect(get.text).toBe(
        runningJson(id).replace(counters(0, 0), '"documents_found":7,"values_loaded":1152921504606846976'),
      )
    })

    it.each([
      ['no statistics', { columns: [], values: [] }],
      [
        'counts that are no numbers',
        { columns: [], values: [], statistics: { documentsFound: '7', valuesLoaded: NaN } },
      ],
      ['nothing', undefined],
    ])('counts from zero where the engine reports %s', async (_, result) => {
      const id = await submit()
      gateway.engine.run.report(result as never)
      expect((await gateway.alice(`GET /_query/queries/${id}`)).text).toBe(shown(0, 0))
      const get = await gateway.alice(`GET /_query/async/${id}?wait_for_completion_timeout=0`)
      expect(get.text).toBe(runningJson(id))
    })

    it('takes an id without padding', async () => {
      const id = await submit()
      expect((await gateway.alice(`GET /_query/queries/${id.replace(/=+$/, '')}`)).text).toBe(shown(0, 0))
    })

    it('shows the queries of others to a monitor alone', async () => {
      const id = await submit()
      expect((await gateway.monitor(`GET /_query/queries/${id}`)).text).toBe(shown(0, 0))
      for (const client of [gateway.mallory, gateway.admin]) {
        expect(await client(`GET /_query/queries/${id}`)).toMatchObject({
          status: 404,
          text: errorJson(404, 'resource_not_found_exception', id),
        })
      }
    })

    it('answers its owner and a monitor with 404 when the query has ended', async () => {
      const id = await submit()
      gateway.engine.run.complete()
      expect((await gateway.alice(`GET /_query/async/${id}`)).status).toBe(200)
      for (const client of [gateway.alice, gateway.monitor]) {
        expect(await client(`GET /_query/queries/${id}`)).toMatchObject({
          status: 404,
          text: errorJson(404, 'resource_not_found_exception', id),
        })
      }
    })

    it.each([
      ['foobar', 'invalid id: [foobar]'],
      ['%20', 'invalid id: [ ]'],
      ['AWQEbm9kZQ', 'malformed task id node'],
    ])('refuses the id %s', async (id, reason) => {
      expect(await gateway.alice(`GET /_query/queries/${id}`)).toMatchObject({
        status: 400,
        text: errorJson(400, 'illegal_argument_exception', reason),
      })
    })

    it('is written in other formats too', async () => {
      const id = await submit()
      const { headers, text } = await gateway.alice(`GET /_query/queries/${id}?format=yaml`)
      expect(headers['content-type']).toBe('application/yaml')
      expect(parseYaml(text)).toEqual(JSON.parse(shown(0, 0)))
      expect((await gateway.alice(`GET /_query/queries/${id}?filter_path=query&pretty`)).text).toBe(
        '{\n  "query" : "RUN"\n}\n',
      )
    })
  })
})

describe('a store of an application', () => {
  const get: AsyncQueryStore['get'] = async () => undefined
  const query = { id: 'mine', query: 'FROM a', startTimeMs: 1.4, runningTimeNanos: 2.5 }

  async function answer(store: AsyncQueryStore, path: string, caller: Partial<Caller> = {}) {
    const owner = ownerOf('issuer', 'alice')
    const resolveCaller = () => ({ owner, ...caller })
    const gateway = await startGateway({ store, resolveCaller })
    const { status, headers, text } = await gateway.alice(`GET ${path}`)
    await gateway.close()
    return { status, allow: headers.allow, text }
  }

  it('answers 405 without `list`, as without any other method', async () => {
    for (const path of ['/_query/queries', '/_query/queries/a']) {
      expect(await answer({ get }, path)).toEqual({
        status: 405,
        allow: '',
        text: `{"error":"Incorrect HTTP method for uri [${path}] and method [GET], allowed: []","status":405}`,
      })
    }
  })

  it('is asked for the owner, for all owners, or for one query', async () => {
    const asked: unknown[] = []
    const list: NonNullable<AsyncQueryStore['list']> = async (owner, options) => {
      asked.push([owner, options])
      return [query]
    }
    const rounded = '{"start_time_millis":1,"running_time_nanos":3,'
    expect((await answer({ get, list }, '/_query/queries')).text).toBe(
      `{"queries":{"mine":${rounded}"query":"FROM a"}}}`,
    )
    expect((await answer({ get, list }, '/_query/queries/mine', { canMonitorQueries: true })).text).toBe(
      `${rounded}"documents_found":0,"values_loaded":0,"query":"FROM a"}`,
    )
    // Only `true` grants a right.
    await answer({ get, list }, '/_query/queries', { canMonitorQueries: 'yes' as unknown as boolean })
    const owner = ownerOf('issuer', 'alice')
    expect(asked).toEqual([
      [owner, { anyOwner: false }],
      [owner, { anyOwner: true, id: 'mine' }],
      [owner, { anyOwner: false }],
    ])
  })

  it.each([undefined, null, 5, 'x'])('that lists %j is an outage', async (result) => {
    const list = async () => result as never
    expect((await answer({ get, list }, '/_query/queries')).status).toBe(503)
  })

  it('is refused at creation where `list` is no function', async () => {
    await expect(startGateway({ store: { get, list: true } as never })).rejects.toThrow(TypeError)
  })
})
