import { gzipSync } from 'node:zlib'
import { decode as decodeCbor } from 'cbor-x'
import express from 'express'
import { parse as decodeSmile } from 'smile-js'
import { parse as decodeYaml } from 'yaml'
import type { ValueObject } from '../../lib/core/result'
import type { ObjectFormat } from '../../lib/formats/formats'
import type { Cluster } from '../support/cluster'
import { startCluster } from '../support/cluster'
import type { RecordedRequest } from '../support/cluster/recorded-request'
import type { ElasticsearchGateway } from '../support/elasticsearch-gateway'
import { startElasticsearchGateway, TRANSPORTS } from '../support/elasticsearch-gateway'
import { ENCODERS } from '../support/encoded-body'
import type { Answer, Gateway, GatewayOptions, Request } from '../support/gateway'
import { startGateway } from '../support/gateway'

const OTHERS = ['yaml', 'cbor', 'smile'] as const
const FORMATS = ['json', ...OTHERS] as const

const DECODERS: Readonly<Record<ObjectFormat, (bytes: Buffer) => unknown>> = {
  json: (bytes) => JSON.parse(bytes.toString()),
  yaml: (bytes) => decodeYaml(bytes.toString()),
  cbor: decodeCbor,
  smile: decodeSmile,
}

/** Every kind of value in every kind of field. */
const QUERY = {
  query: 'FROM x | WHERE a == ?a\n| LIMIT 1 // é 🔑',
  columnar: true,
  profile: 'false',
  locale: 'de-CH',
  time_zone: 'Europe/Zurich',
  params: [{ a: 9_007_199_254_740_993n }, { b: [1.5, 2.25] }, { c: { identifier: 'x' } }],
  filter: { range: { n: { gte: -(2n ** 63n), lt: 2n ** 64n - 1n } }, terms: { k: ['a', '', 'true', '1'] } },
} as const satisfies ValueObject

const SUBMIT = {
  ...QUERY,
  wait_for_completion_timeout: '1s',
  keep_alive: '3d',
  keep_on_completion: true,
} satisfies ValueObject

const typed = (format: ObjectFormat, body: ValueObject, headers: Record<string, string> = {}): Request => ({
  // The test client would write a buffer down as JSON.
  body: format === 'json' ? ENCODERS.json(body).toString() : ENCODERS[format](body),
  headers: { 'content-type': `application/${format}`, ...headers },
})

/** The body of an answer in the format that its label names. */
function decoded({ headers, body }: Answer): { format: string; value: unknown } {
  const format = String(headers['content-type']).replace(/^application\/(vnd\.elasticsearch\+)?/, '')
  return { format, value: DECODERS[format.split(';')[0] as ObjectFormat](body) }
}

describe('the body of a request in front of an own engine', () => {
  let gateway: Gateway

  const start = async (options: GatewayOptions = {}): Promise<Gateway> => {
    gateway = await startGateway(options)
    return gateway
  }
  afterEach(() => gateway.close())

  it.each(FORMATS)(
    'gives the engine the same query in %s, and gets its answer in that format',
    async (format) => {
      await start()
      await gateway.alice('POST /_query/async', typed('json', SUBMIT))
      const answer = await gateway.alice('POST /_query/async', typed(format, SUBMIT))
      const [expected, got] = gateway.engine.requests
      expect(got).toEqual(expected)
      expect(got?.params?.[0]).toMatchObject({ value: 9_007_199_254_740_993n })
      expect(decoded(answer)).toEqual({ format, value: expect.objectContaining({ id: expect.anything() }) })
    },
  )

  it.each(FORMATS)('may be the one of a synchronous query, in %s', async (format) => {
    await start()
    const answer = await gateway.alice('POST /_query', typed(format, { query: 'ROW n = 1' }))
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1' }])
    expect(decoded(answer)).toEqual({ format, value: expect.objectContaining({ values: expect.anything() }) })
  })

  it.each(OTHERS)('may be compressed %s', async (format) => {
    await start()
    const { body, headers } = typed(format, { query: 'ROW n = 1' }, { 'content-encoding': 'gzip' })
    const { status } = await gateway.alice('POST /_query', {
      body: gzipSync(body as Buffer),
      headers: { ...headers },
    })
    expect([status, gateway.engine.requests]).toEqual([200, [{ query: 'ROW n = 1' }]])
  })

  it.each(OTHERS)(
    'may be labelled as Elasticsearch’s own %s, in one version with the answer',
    async (format) => {
      await start()
      const type = `application/vnd.elasticsearch+${format};compatible-with=9`
      const headers = { 'content-type': type, accept: type }
      const answer = await gateway.alice('POST /_query', { ...typed(format, { query: 'Q' }), headers })
      expect([answer.status, answer.headers['content-type']]).toEqual([200, type])
    },
  )

  it.each(OTHERS)(
    'is refused in %s as in JSON, without a position, in the format of the body',
    async (format) => {
      await start()
      const refusal = async (body: ValueObject) =>
        decoded(await gateway.alice('POST /_query/async', typed(format, body)))
      const parser = '[-1:-1] [esql/async_query]'
      const reasons = [
        [{ query: 'Q', kep_alive: '1d' }, `${parser} unknown field [kep_alive] did you mean [keep_alive]?`],
        [{ query: 1 }, `${parser} query doesn't support values of type: VALUE_NUMBER`],
        [{ query: 'Q', keep_alive: '5x' }, `${parser} failed to parse field [keep_alive]`],
        [{ query: '' }, 'Validation Failed: 1: [query] is required;'],
      ] as const
      for (const [body, reason] of reasons) {
        const error = expect.objectContaining({ reason })
        expect(await refusal(body)).toEqual({ format, value: { error, status: 400 } })
      }
      expect(gateway.engine.requests).toEqual([])
    },
  )

  it.each<[ObjectFormat, Buffer, string]>([
    ['yaml', Buffer.from('query: a\nquery: b\n'), "[-1:-1] Duplicate field 'query'"],
    ['cbor', Buffer.from('a2656175657279617165617565727961', 'hex'), '[-1:-1] Unexpected end-of-input'],
    [
      'cbor',
      Buffer.from('a2657175657279617165717565727961 72'.replace(' ', ''), 'hex'),
      "[-1:-1] Duplicate field 'query'",
    ],
    [
      'smile',
      Buffer.from('3a290a00fa8471756572794061847175657279 4062fb'.replace(' ', ''), 'hex'),
      "[-1:-1] Duplicate field 'query'",
    ],
    ['yaml', Buffer.from('- a'), '[-1:-1] [esql/async_query] Expected START_OBJECT but was: START_ARRAY'],
    ['yaml', Buffer.from('# nothing'), '[1:1] [esql/async_query] Expected START_OBJECT but was: null'],
    [
      'cbor',
      Buffer.from('80', 'hex'),
      '[-1:-1] [esql/async_query] Expected START_OBJECT but was: START_ARRAY',
    ],
    ['smile', Buffer.from('{"query":"Q"}'), '[-1:-1] SMILE begins with another header'],
  ])('is refused in %s where it is malformed, %#', async (format, body, reason) => {
    await start()
    const headers = { 'content-type': `application/${format}`, accept: 'application/json' }
    const answer = await gateway.alice('POST /_query/async', { body, headers })
    expect([answer.status, answer.json]).toEqual([
      400,
      expect.objectContaining({ error: expect.objectContaining({ reason }) }),
    ])
  })

  it.each(OTHERS)('has the same limit in %s', async (format) => {
    await start({ maxBodyBytes: 100 })
    const answer = await gateway.alice('POST /_query', typed(format, { query: 'Q'.repeat(100) }))
    expect(answer.status).toBe(413)
  })

  it('leaves nothing of a mebibyte of YAML but a refusal, and takes as much of CBOR', async () => {
    await start()
    const body = { query: 'ROW n = 1', filter: { terms: { a: Array(100_000).fill('0123456789') } } }
    const refused = await gateway.alice('POST /_query?format=json', typed('yaml', body))
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('Send it as JSON.')])
    expect((await gateway.alice('POST /_query?format=json', typed('cbor', body))).status).toBe(200)
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1', filter: body.filter }])
  })

  it.each(['cbor', 'smile'] as const)('may not stand for JSON beyond the limit, in %s', async (format) => {
    await start({ maxBodyBytes: 1_000 })
    const body = typed(format, { query: 'Q', params: ['\u0001'.repeat(500)] })
    expect((await gateway.alice('POST /_query?format=json', body)).status).toBe(413)
  })

  it('may be YAML in the parameter source', async () => {
    await start()
    const source = encodeURIComponent('query: ROW n = 1')
    const target = `POST /_query?source=${source}&source_content_type=application/yaml&format=json`
    expect((await gateway.alice(target)).status).toBe(200)
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1' }])
  })

  it('may have been parsed by the host application', async () => {
    const parse = express.text({ type: 'application/yaml' })
    await start({ before: (app) => app.use(parse) })
    await gateway.alice('POST /_query', typed('yaml', { query: 'ROW n = 1' }))
    expect(gateway.engine.requests).toEqual([{ query: 'ROW n = 1' }])
  })
})

describe.each(TRANSPORTS)('the body of a request in front of a cluster over %s', (transport) => {
  let cluster: Cluster
  let gateway: ElasticsearchGateway

  beforeEach(async () => {
    cluster = await startCluster()
  })
  afterEach(async () => {
    await gateway.close()
    await cluster.close()
  })
  const start = async (options = {}): Promise<void> => {
    gateway = await startElasticsearchGateway(transport, cluster.url, options)
  }

  it.each(OTHERS)('goes on byte for byte in %s where no time changes', async (format) => {
    await start()
    const request = typed(format, { ...SUBMIT, filter: { match_all: {} } })
    const answer = await gateway.alice('POST /_query/async', request)
    const { body, headers } = cluster.request
    expect([answer.status, headers['content-type']]).toEqual([200, `application/${format}`])
    expect(body.equals(request.body as Buffer)).toBe(true)
    expect(decoded(answer)).toEqual({ format, value: expect.objectContaining({ id: expect.anything() }) })
  })

  it.each(OTHERS)('goes on byte for byte in %s where nobody has to read it', async (format) => {
    await start()
    const request = typed(format, { query: 'ROW n = 1' })
    const answer = await gateway.alice('POST /_query', request)
    const { body, headers } = cluster.request
    expect([body.equals(request.body as Buffer), headers['content-type']]).toEqual([
      true,
      `application/${format}`,
    ])
    expect([answer.status, decoded(answer).format]).toEqual([200, format])
  })

  it.each(OTHERS)(
    'leaves the refusal of what is malformed in %s to the cluster, where nobody has to read it',
    async (format) => {
      await start()
      const body = Buffer.of(0xff, 0xfe, 0x5b)
      const answer = await gateway.alice('POST /_query', { ...typed(format, {}), body })
      expect([answer.status, cluster.request.body.equals(body)]).toEqual([400, true])
    },
  )

  it.each(OTHERS)('is checked in %s with the option strict, and goes on byte for byte', async (format) => {
    await start({ strict: true })
    for (const target of ['POST /_query', 'POST /_query/async']) {
      const request = typed(format, QUERY)
      expect((await gateway.alice(target, request)).status).toBe(200)
      expect(cluster.request.body.equals(request.body as Buffer)).toBe(true)
      expect((await gateway.alice(target, typed(format, { query: 'Q', futre: 1 }))).status).toBe(400)
    }
    expect(cluster.requests).toHaveLength(2)
  })

  it.each(OTHERS)('becomes JSON where a time changes, and the answer stays in %s', async (format) => {
    await start({ maxKeepAliveMs: 60_000 })
    const answer = await gateway.alice('POST /_query/async?human', typed(format, { ...SUBMIT, futre: 1.0 }))
    const { body, headers, url } = cluster.requestsFor('submit')[0] as RecordedRequest
    expect([headers['content-type'], url]).toEqual([
      'application/json',
      `/_query/async?human&format=${format}`,
    ])
    expect(String(body)).toContain('"keep_alive":"60000ms"')
    expect(String(body)).toContain('9007199254740993')
    expect(String(body)).toContain('18446744073709551615')
    expect(decoded(answer).format).toBe(format)
  })
})
