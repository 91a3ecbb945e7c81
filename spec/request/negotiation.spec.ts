import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client } from '@elastic/elasticsearch'
import request from 'supertest'
import { isQueryError } from '../../lib/core/errors'
import { FORMATS } from '../../lib/formats/formats'
import type { MediaTypeHeaders } from '../../lib/request/media-type'
import { checkBodyMediaType, checkMediaTypeHeaders } from '../../lib/request/media-type'
import type { FormatRequest } from '../../lib/request/negotiation'
import { errorMediaType, negotiateFormat } from '../../lib/request/negotiation'
import { goldenCases, goldenRefusals } from '../support/golden-cases'

const OPERATIONS = ['submit', 'get', 'stop'] as const
const VENDOR = 'application/vnd.elasticsearch+'
const CSV = 'text/csv; charset=utf-8; header=present'
const MARKDOWN = 'text/markdown; charset=utf-8'
const CSV_WITHOUT_HEADER = 'text/csv; charset=utf-8; header=absent'
const TSV = 'text/tab-separated-values; charset=utf-8'
const ARROW = 'application/vnd.apache.arrow.stream'

interface Sent extends Partial<Omit<FormatRequest, keyof MediaTypeHeaders>> {
  format?: string | undefined
  accept?: string | undefined
  contentType?: string | undefined
}

/** A request with these headers. Its Content-Type is that of a JSON body by default. */
function formatRequest(sent: Sent): FormatRequest {
  const { format, accept, contentType, ...rest } = { contentType: 'application/json', ...sent }
  return {
    ...checkMediaTypeHeaders({
      accept: accept === undefined ? [] : [accept],
      contentType: contentType === undefined ? [] : [contentType],
      hasBody: false,
    }),
    operation: 'submit',
    formatParameter: format,
    delimiterPresent: false,
    path: '/_query/async',
    ...rest,
  }
}

/** The format and the content type, or the reason of the refusal. */
function answer(sent: Sent): string {
  try {
    const { format, contentType } = negotiateFormat(formatRequest(sent))
    return `${format} as ${contentType}`
  } catch (error) {
    if (!isQueryError(error) || error.type !== 'illegal_argument_exception') throw error
    return `${error.status} ${error.reason}`
  }
}

describe('negotiateFormat', () => {
  describe.each(OPERATIONS)('on %s', (operation) => {
    it.each([
      ['json', 'json as application/json'],
      ['yaml', 'yaml as application/yaml'],
      ['cbor', 'cbor as application/cbor'],
      ['smile', 'smile as application/smile'],
      ['vnd_json', `json as ${VENDOR}json`],
      ['vnd_yaml', `yaml as ${VENDOR}yaml`],
      ['vnd_cbor', `cbor as ${VENDOR}cbor`],
      ['vnd_smile', `smile as ${VENDOR}smile`],
      ['txt', 'txt as text/plain'],
      ['csv', `csv as ${CSV}`],
      ['tsv', `tsv as ${TSV}`],
      ['md', `md as ${MARKDOWN}`],
      ['arrow', `arrow as ${ARROW}`],
      ['CSV', `csv as ${CSV}`],
      ['Vnd_Yaml', `yaml as ${VENDOR}yaml`],
    ])('writes format=%s', (format, expected) => {
      expect(answer({ operation, format })).toBe(expected)
    })

    it.each([
      ['application/json', 'json as application/json'],
      ['APPLICATION/JSON', 'json as application/json'],
      ['application/json;charset=utf-8', 'json as application/json;charset=utf-8'],
      ['application/json ; Charset=UTF-8; a=b', 'json as application/json;charset=utf-8;a=b'],
      ['application/x-ndjson', 'json as application/json'],
      ['application/*', 'json as application/json'],
      ['application/*;q=0.8', 'json as application/json;q=0.8'],
      ['application/yaml', 'yaml as application/yaml'],
      ['application/cbor', 'cbor as application/cbor'],
      ['application/smile', 'smile as application/smile'],
      [`${VENDOR}json`, `json as ${VENDOR}json`],
      [`${VENDOR}json; compatible-with=9`, `json as ${VENDOR}json;compatible-with=9`],
      [`${VENDOR}json;compatible-with=8`, `json as ${VENDOR}json;compatible-with=8`],
      [`${VENDOR}x-ndjson; compatible-with=9`, `json as ${VENDOR}json;compatible-with=9`],
      [`${VENDOR}yaml; compatible-with=9`, `yaml as ${VENDOR}yaml;compatible-with=9`],
      [`${VENDOR}cbor; compatible-with=9`, `cbor as ${VENDOR}cbor;compatible-with=9`],
      [`${VENDOR}smile; compatible-with=9`, `smile as ${VENDOR}smile;compatible-with=9`],
      ['application/json; header=sideways', 'json as application/json;header=sideways'],
      ['text/plain', 'txt as text/plain'],
      ['text/plain; charset=utf-8; header=present', 'txt as text/plain'],
      ['text/plain; header=absent', 'txt as text/plain'],
      ['text/csv', `csv as ${CSV}`],
      ['Text/CSV; Charset=UTF-8', `csv as ${CSV}`],
      ['text/csv; delimiter=x', `csv as ${CSV}`],
      ['text/csv; header=present', `csv as ${CSV}`],
      ['text/csv; header=absent', `csv as ${CSV_WITHOUT_HEADER}`],
      ['text/csv;charset=utf-8 ; HEADER=Absent', `csv as ${CSV_WITHOUT_HEADER}`],
      ['text/vnd.elasticsearch+csv;compatible-with=9', `csv as ${CSV}`],
      ['text/tab-separated-values', `tsv as ${TSV}`],
      ['text/tab-separated-values; header=absent', `tsv as ${TSV}`],
      ['text/vnd.elasticsearch+tab-separated-values;compatible-with=8', `tsv as ${TSV}`],
      ['text/vnd.elasticsearch+plain', 'txt as text/plain'],
      ['text/markdown', `md as ${MARKDOWN}`],
      ['Text/Markdown; charset=utf-8; header=absent', `md as ${MARKDOWN}`],
      [ARROW, `arrow as ${ARROW}`],
      ['application/vnd.elasticsearch+arrow+stream; compatible-with=9', `arrow as ${ARROW}`],
    ])('writes Accept: %s', (accept, expected) => {
      expect(answer({ operation, accept })).toBe(expected)
    })

    it.each([
      ['application/json', 'json as application/json'],
      ['application/json; charset=utf-8', 'json as application/json'],
      [`${VENDOR}json; compatible-with=9`, `json as ${VENDOR}json`],
      ['application/yaml', 'yaml as application/yaml'],
      ['application/yaml; compatible-with=x', 'yaml as application/yaml'],
      [`${VENDOR}cbor`, `cbor as ${VENDOR}cbor`],
    ])('writes the format of the request if Accept is absent: %s', (contentType, expected) => {
      expect(answer({ operation, contentType })).toBe(expected)
      expect(answer({ operation, contentType, accept: '*/*' })).toBe(expected)
      expect(answer({ operation, contentType, accept: `${VENDOR}json; compatible-with=9,text/plain` })).toBe(
        expected,
      )
    })

    it.each<[string, Sent, string]>([
      ['format before Accept', { format: 'csv', accept: 'application/json' }, `csv as ${CSV}`],
      [
        'Accept before Content-Type',
        { accept: 'text/csv', contentType: 'application/yaml' },
        `csv as ${CSV}`,
      ],
      [
        'the parameters of Accept also where format decides',
        { format: 'yaml', accept: `${VENDOR}json; compatible-with=9` },
        'yaml as application/yaml;compatible-with=9',
      ],
      [
        'no header line where Accept says so and format decides',
        { format: 'csv', accept: 'text/csv; header=absent' },
        `csv as ${CSV_WITHOUT_HEADER}`,
      ],
      [
        'no header line where a list in Accept says so',
        { format: 'csv', accept: '*/*, text/csv; header=absent' },
        `csv as ${CSV_WITHOUT_HEADER}`,
      ],
      [
        'a header line where the list goes on after it',
        { format: 'csv', accept: 'text/csv; header=absent, */*' },
        `csv as ${CSV}`,
      ],
    ])('prefers %s', (_, sent, expected) => {
      expect(answer({ operation, ...sent })).toBe(expected)
    })

    it.each<[string, Sent]>([
      ['json', { format: 'json' }],
      ['tsv', { format: 'tsv' }],
      ['json', { accept: 'application/json' }],
      ['txt', { accept: 'text/plain' }],
      ['arrow', { format: 'arrow', accept: 'text/csv' }],
      ['what the request was sent in', {}],
    ])('refuses a delimiter with %s', (_, sent) => {
      expect(answer({ operation, ...sent, delimiterPresent: true, path: '/_query/async/a b' })).toBe(
        '400 parameter: [delimiter] can only be used with the format [csv] for request [/_query/async/a b]',
      )
    })

    it.each<Sent>([{ format: 'csv' }, { accept: 'text/csv; header=absent' }])(
      'accepts a delimiter with %j',
      (sent) => {
        expect(negotiateFormat(formatRequest({ operation, ...sent, delimiterPresent: true })).format).toBe(
          'csv',
        )
      },
    )
  })

  it.each(['get', 'stop'] as const)('refuses a delimiter with the fallback format on %s', (operation) => {
    expect(answer({ operation, format: 'xyz', delimiterPresent: true })).toBe(
      '400 parameter: [delimiter] can only be used with the format [csv] for request [/_query/async]',
    )
  })

  it.each([
    [{ format: 'csv' }, true],
    [{ format: 'csv', accept: 'text/csv; header=present' }, true],
    [{ accept: 'text/csv; header=absent' }, false],
    [{ accept: 'text/csv; header=absent; header=present' }, false],
    [{ accept: 'text/tab-separated-values; header=absent' }, true],
    [{ accept: 'text/markdown' }, true],
    [{ accept: 'text/markdown; header=absent' }, false],
    [{ format: 'md', accept: 'text/markdown; header=absent' }, false],
    [{ accept: 'application/json; header=absent' }, true],
  ])('says whether the answer to %j has a header line', (sent, expected) => {
    expect(negotiateFormat(formatRequest(sent)).header).toBe(expected)
  })

  const UNKNOWN: readonly [Sent, unresolved: string][] = [
    [{ format: 'xyz' }, 'Accept=[null], Content-Type=[application/json], format=[xyz]'],
    [{ format: 'ndjson' }, 'Accept=[null], Content-Type=[application/json], format=[ndjson]'],
    [{ format: '' }, 'Accept=[null], Content-Type=[application/json], format=[]'],
    [{ format: 'constructor' }, 'Accept=[null], Content-Type=[application/json], format=[constructor]'],
    [
      { format: 'XYZ', accept: 'application/json' },
      'Accept=[application/json], Content-Type=[application/json], format=[XYZ]',
    ],
    [{ accept: 'Text/Garbage' }, 'Accept=[Text/Garbage], Content-Type=[application/json], format=[null]'],
    [{ accept: 'text/*' }, 'Accept=[text/*], Content-Type=[application/json], format=[null]'],
    [
      { accept: 'text/markdown; header=foo' },
      'Accept=[text/markdown; header=foo], Content-Type=[application/json], format=[null]',
    ],
    [{ accept: '*/*;q=1' }, 'Accept=[*/*;q=1], Content-Type=[application/json], format=[null]'],
    [
      { accept: 'text/csv; header=foo' },
      'Accept=[text/csv; header=foo], Content-Type=[application/json], format=[null]',
    ],
    [
      { accept: `${ARROW};header=no` },
      `Accept=[${ARROW};header=no], Content-Type=[application/json], format=[null]`,
    ],
    [{ contentType: undefined }, 'Accept=[null], Content-Type=[null], format=[null]'],
    [{ contentType: undefined, accept: '*/*' }, 'Accept=[*/*], Content-Type=[null], format=[null]'],
    [{ contentType: 'text/csv' }, 'Accept=[null], Content-Type=[text/csv], format=[null]'],
    [{ contentType: ARROW }, `Accept=[null], Content-Type=[${ARROW}], format=[null]`],
    [
      { contentType: `${VENDOR}json; compatible-with=x` },
      `Accept=[null], Content-Type=[${VENDOR}json; compatible-with=x], format=[null]`,
    ],
  ]

  it.each(UNKNOWN)('refuses %j on submit', (sent, unresolved) => {
    expect(answer(sent)).toBe(`400 Invalid request content type: ${unresolved}`)
  })

  it.each(UNKNOWN)('falls back to JSON for %j on get and stop', (sent) => {
    for (const operation of ['get', 'stop'] as const) {
      expect(negotiateFormat(formatRequest({ ...sent, operation }))).toMatchObject({
        format: 'json',
        header: true,
      })
    }
  })

  it.each<[Sent, string]>([
    [{ contentType: undefined }, 'json as application/json'],
    [{ format: 'xyz' }, 'json as application/json'],
    [
      { format: 'xyz', accept: `${VENDOR}json; compatible-with=9` },
      `json as ${VENDOR}json;compatible-with=9`,
    ],
    [{ accept: 'text/garbage; a=b' }, 'json as application/json;a=b'],
    [{ format: 'xyz', contentType: `${VENDOR}json; compatible-with=9` }, `json as ${VENDOR}json`],
  ])('labels the fallback for %j like an error', (sent, expected) => {
    expect(answer({ ...sent, operation: 'get' })).toBe(expected)
  })

  describe.each([
    ['columnar', 'columnar'],
    ['includeCcsMetadata', 'include_ccs_metadata'],
    ['includeExecutionMetadata', 'include_execution_metadata'],
    ['profile', 'profile'],
  ] as const)('with %s', (flag, name) => {
    it.each<Sent>([
      { format: 'txt' },
      { format: 'csv' },
      { format: 'TSV' },
      { format: 'md' },
      { accept: 'text/plain' },
      { accept: 'text/csv; header=absent' },
      { accept: 'text/vnd.elasticsearch+tab-separated-values' },
      { format: 'txt', delimiterPresent: true },
    ])('refuses %j on submit', (sent) => {
      expect(answer({ ...sent, submitted: { [flag]: true } })).toBe(
        `400 Invalid use of [${name}] argument: cannot be used in combination with [txt, csv, tsv, md] formats`,
      )
    })

    it.each(['json', 'yaml', 'cbor', 'smile', 'vnd_json', 'arrow'])('accepts %s on submit', (format) => {
      expect(answer({ format, submitted: { [flag]: true } })).toBe(answer({ format }))
    })

    it('accepts text if the flag is off', () => {
      expect(answer({ format: 'csv', submitted: { [flag]: false } })).toBe(`csv as ${CSV}`)
    })

    it.each(['get', 'stop'] as const)('accepts text on %s', (operation) => {
      expect(answer({ operation, format: 'csv', submitted: { [flag]: true } })).toBe(`csv as ${CSV}`)
    })
  })

  it('names the first of several refused flags', () => {
    const flags = { profile: true, includeExecutionMetadata: true, includeCcsMetadata: true }
    expect(answer({ format: 'txt', submitted: flags })).toContain('[include_ccs_metadata]')
    expect(answer({ format: 'txt', submitted: { ...flags, columnar: true } })).toContain('[columnar]')
  })

  it.each(goldenCases(FORMATS))('labels the golden answer %s', (_, { request: sent, expected }) => {
    const { format, accept, contentType, columnar, header = true, delimiter } = sent
    const found = negotiateFormat(
      formatRequest({
        format: format ?? undefined,
        accept,
        ...(contentType !== undefined && { contentType }),
        submitted: { columnar: columnar ?? false },
        delimiterPresent: delimiter !== undefined,
      }),
    )
    expect([found.contentType, found.header]).toEqual([expected.contentType, header])
  })

  const refusals = goldenRefusals(FORMATS)

  it.each(refusals.filter(([, { expected }]) => /columnar|can only/.test(expected.body)))(
    'refuses as in the golden case %s',
    (_, { request: sent, expected }) => {
      const { format, columnar, delimiter } = sent
      const reason = answer({
        format: format ?? undefined,
        submitted: { columnar: columnar ?? false },
        delimiterPresent: delimiter !== undefined,
        path: '/_query',
      })
      expect(reason).toBe(`400 ${JSON.parse(expected.body).error.reason}`)
    },
  )

  it.each(refusals)('labels the golden refusal %s', (_, { request: sent, expected }) => {
    const { format, accept } = sent
    const { contentType } = errorMediaType(formatRequest({ format: format ?? undefined, accept }))
    expect(contentType).toBe(expected.contentType)
  })
})

describe('errorMediaType', () => {
  it.each<[Sent, string]>([
    [{ contentType: undefined }, 'json as application/json'],
    [{ contentType: undefined, accept: '*/*' }, 'json as application/json'],
    [{}, 'json as application/json'],
    [{ format: 'YAML' }, 'yaml as application/yaml'],
    [{ format: 'vnd_cbor' }, `cbor as ${VENDOR}cbor`],
    [{ format: 'csv' }, 'json as application/json'],
    [{ format: 'arrow' }, 'json as application/json'],
    [{ format: 'md' }, 'json as application/json'],
    [{ format: '' }, 'json as application/json'],
    [{ format: 'csv', accept: 'application/yaml' }, 'yaml as application/yaml'],
    [{ format: 'smile', accept: 'application/yaml' }, 'smile as application/smile'],
    [{ accept: 'text/csv; header=absent' }, 'json as application/json;header=absent'],
    [{ accept: 'text/csv', contentType: 'application/cbor' }, 'cbor as application/cbor'],
    [{ accept: ARROW }, 'json as application/json'],
    [{ accept: `${VENDOR}json; compatible-with=9` }, `json as ${VENDOR}json;compatible-with=9`],
    [
      {
        accept: `${VENDOR}json; compatible-with=9,text/plain`,
        contentType: `${VENDOR}json; compatible-with=9`,
      },
      `json as ${VENDOR}json`,
    ],
    [{ contentType: 'text/plain' }, 'json as application/json'],
    [{ contentType: 'application/yaml; a=b' }, 'yaml as application/yaml'],
  ])('gives %j', (sent, expected) => {
    const { format, contentType } = errorMediaType(formatRequest(sent))
    expect(`${format} as ${contentType}`).toBe(expected)
  })
})

describe('what clients send', () => {
  const PLAIN = 'json as application/json'
  const VENDOR_9 = `${VENDOR}json; compatible-with=9`

  it.each<[string, Sent, string]>([
    ['curl, get', { accept: '*/*', contentType: undefined, operation: 'get' }, PLAIN],
    ['curl, submit', { accept: '*/*' }, PLAIN],
    ['axios, submit', { accept: 'application/json, text/plain, */*' }, PLAIN],
    ['a browser, get', { accept: 'text/html,*/*;q=0.8', contentType: undefined, operation: 'get' }, PLAIN],
    ['urllib, get', { contentType: undefined, operation: 'get' }, PLAIN],
    ['httpie, submit', { accept: 'application/json, */*;q=0.5' }, PLAIN],
    [
      'elasticsearch-py, get',
      { accept: VENDOR_9, contentType: undefined, operation: 'get' },
      `json as ${VENDOR}json;compatible-with=9`,
    ],
    [
      'elasticsearch-py, submit',
      { accept: VENDOR_9, contentType: VENDOR_9 },
      `json as ${VENDOR}json;compatible-with=9`,
    ],
    [
      'elasticsearch-ruby, get',
      { accept: VENDOR_9, contentType: VENDOR_9, operation: 'get' },
      `json as ${VENDOR}json;compatible-with=9`,
    ],
  ])('is understood: %s', (_, sent, expected) => {
    expect(answer(sent)).toBe(expected)
  })

  describe('over HTTP', () => {
    const server = createServer((incoming, response) => {
      const negotiated = JSON.stringify(outcome(incoming))
      incoming.resume()
      response.setHeader('X-elastic-product', 'Elasticsearch')
      response.setHeader('content-type', 'application/json')
      response.end(negotiated)
    })
    let node = ''
    let client: Client

    beforeAll(async () => {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      node = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      client = new Client({ node })
    })

    afterAll(async () => {
      await client.close()
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })

    it('answers the official client in the media type that it sends', async () => {
      const submitted = { format: 'json', contentType: `${VENDOR}json;compatible-with=9`, header: true }
      const polled = { format: 'json', contentType: `${VENDOR}json`, header: true }
      expect(await client.esql.asyncQuery({ query: 'ROW a = 1' })).toEqual(submitted)
      expect(await client.esql.asyncQueryGet({ id: 'a' })).toEqual(polled)
      expect(await client.esql.asyncQueryStop({ id: 'a' })).toEqual(polled)
      expect(await client.esql.asyncQueryDelete({ id: 'a' })).toEqual({
        format: 'json',
        contentType: `${VENDOR}json`,
      })
    })

    it('answers fetch and supertest in JSON', async () => {
      const json = { format: 'json', contentType: 'application/json', header: true }
      const path = '/_query/async'
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
      expect(await (await fetch(`${node}${path}/a`)).json()).toEqual(json)
      expect(await (await fetch(`${node}${path}`, init)).json()).toEqual(json)
      expect((await request(server).get(`${path}/a`)).body).toEqual(json)
      expect((await request(server).post(path).send({})).body).toEqual(json)
    })

    it('refuses the text type that fetch sends by default', async () => {
      const response = await fetch(`${node}/_query/async`, { method: 'POST', body: '{}' })
      expect(await response.json()).toBe('Content-Type header [text/plain;charset=UTF-8] is not supported')
    })
  })
})

/** The negotiated format of a request, or the text of the refusal. */
function outcome({ method, url = '', rawHeaders, headers }: IncomingMessage): unknown {
  const valuesOf = (name: string): string[] =>
    rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name)
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || headers['transfer-encoding'] !== undefined
  try {
    const found = checkMediaTypeHeaders({
      accept: valuesOf('accept'),
      contentType: valuesOf('content-type'),
      hasBody,
    })
    if (hasBody) checkBodyMediaType(found)
    if (method === 'DELETE') return errorMediaType(found)
    const operation = method === 'GET' ? 'get' : hasBody ? 'submit' : 'stop'
    return negotiateFormat({ ...found, operation, delimiterPresent: false, path: url })
  } catch (error) {
    return error instanceof Error ? error.message : error
  }
}
