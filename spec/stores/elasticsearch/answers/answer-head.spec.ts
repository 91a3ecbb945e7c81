import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { AsyncQuery } from '../../../../lib/core/store'
import { writerFor } from '../../../../lib/formats/formats'
import { readAnswer } from '../../../../lib/stores/elasticsearch/answers/answer'
import { LONGEST_HEAD, readHead, replaceId } from '../../../../lib/stores/elasticsearch/answers/answer-head'
import { comparable } from '../../../support/comparable-body'
import { bytesOf } from '../../../support/json-family'
import { UNKNOWN_UPSTREAM_ID as upstreamId } from '../../../support/sealed-id'

const SEALED = 'A'.repeat(140)

const TYPES = {
  json: 'application/json',
  yaml: 'application/vnd.elasticsearch+yaml;compatible-with=9',
  cbor: 'application/cbor',
  smile: 'application/smile',
} as const

type ObjectFormat = keyof typeof TYPES

const rows = Array.from({ length: 2_000 }, (_, n) => [n, upstreamId])
const result = {
  columns: [
    { name: 'n', type: 'long' as const },
    { name: 's', type: 'keyword' as const },
  ],
  values: rows,
}

const QUERIES: Record<string, AsyncQuery> = {
  running: { isRunning: true, id: upstreamId },
  kept: { isRunning: false, id: upstreamId, isPartial: false, tookNanos: 1e6, result },
  'not kept': { isRunning: false, isPartial: false, tookNanos: 1e6, result },
}

async function bodyOf(format: ObjectFormat, query: AsyncQuery, pretty = false): Promise<Buffer> {
  const write = await writerFor(format)
  const presentation = { dropNullColumns: false, human: false, header: true, pretty }
  return bytesOf(write(query, presentation))
}

/** Reads an answer whose body comes in pieces. */
async function read(contentType: string, pieces: readonly Buffer[], headers: Record<string, string> = {}) {
  const seen: string[] = []
  const answer = await readAnswer(
    {
      status: 200,
      headers: { 'content-type': contentType, 'x-elastic-product': 'Elasticsearch', ...headers },
      body: Readable.from(pieces, { objectMode: false }),
    },
    (id) => {
      seen.push(id)
      return SEALED
    },
  )
  const body = Buffer.isBuffer(answer.body) ? answer.body : await buffer(answer.body)
  return { ...answer, body, seen }
}

function pieces(body: Buffer, size: number): Buffer[] {
  const head = Array.from({ length: Math.ceil(Math.min(body.length, 400) / size) }, (_, at) =>
    body.subarray(at * size, Math.min((at + 1) * size, 400)),
  )
  return body.length > 400 ? [...head, body.subarray(400)] : head
}

const CASES = Object.keys(QUERIES).flatMap((name) =>
  (Object.keys(TYPES) as ObjectFormat[]).flatMap((format) =>
    [1, 7, 400].map((size) => [name, format, size] as const),
  ),
)

describe('the id of an answer', () => {
  it.each(CASES)('of a %s query is replaced in %s, %d bytes at a time', async (name, format, size) => {
    const query = QUERIES[name] as AsyncQuery
    const body = await bodyOf(format, query)
    const contentType = TYPES[format]
    const answer = await read(contentType, pieces(body, size))
    const isKnown = query.id !== undefined
    // The id stands in the rows too, which are none of our business.
    const expected = await bodyOf(format, isKnown ? { ...query, id: SEALED } : query)
    expect(comparable(answer.body, contentType, '<none>')).toBe(comparable(expected, contentType, '<none>'))
    expect([answer.isRunning, answer.upstreamId]).toEqual([query.isRunning, query.id])
  })

  it('is replaced in indented JSON', async () => {
    const query = QUERIES.kept as AsyncQuery
    const answer = await read(TYPES.json, pieces(await bodyOf('json', query, true), 3))
    expect(answer.body.toString()).toBe((await bodyOf('json', { ...query, id: SEALED }, true)).toString())
  })

  it.each(['text/csv; charset=utf-8; header=present', 'text/plain', 'application/vnd.apache.arrow.stream'])(
    'is known from the header alone where %s has none',
    async (contentType) => {
      const headers = { 'x-elasticsearch-async-id': upstreamId, 'x-elasticsearch-async-is-running': '?0' }
      const answer = await read(contentType, [Buffer.from(`id\r\n${upstreamId}\r\n`)], headers)
      expect([answer.seen, answer.isRunning, answer.body.toString()]).toEqual([
        [upstreamId],
        false,
        `id\r\n${upstreamId}\r\n`,
      ])
    },
  )

  it('of a gateway of ours, short and in SMILE, is replaced', async () => {
    const id = 'x'.repeat(64)
    const answer = await read(TYPES.smile, [await bodyOf('smile', { isRunning: true, id })])
    const expected = await bodyOf('smile', { isRunning: true, id: SEALED })
    expect([answer.body.equals(expected), answer.upstreamId]).toEqual([true, id])
  })

  it.each([24, 255, 256, 1_024])('of any length is read and written in CBOR: %d', async (length) => {
    const id = 'x'.repeat(length)
    const body = await bodyOf('cbor', { isRunning: true, id: SEALED })
    const expected = await bodyOf('cbor', { isRunning: true, id })
    expect(readHead('cbor', expected, true)?.id?.text).toBe(id)
    const found = readHead('cbor', body, true)?.id ?? { text: '', start: 0, end: 0 }
    expect(replaceId('cbor', body, found, id).equals(expected)).toBe(true)
  })

  it.each([
    ['json', Buffer.from('{"id":"Fk')],
    ['json', Buffer.from(`{"id":"${'x'.repeat(LONGEST_HEAD)}"}`)],
    ['json', Buffer.from('{"id":["Fk"]}')],
    ['json', Buffer.from('{"id":"a\\u0062","is_running":true}')],
    ['yaml', Buffer.from('---\nid: "Fk')],
    ['cbor', Buffer.from('bf6269647844466b', 'hex')],
    ['cbor', Buffer.from('bf6269647f62466bffff', 'hex')],
    ['smile', Buffer.from('3a290a05fa816964e0466b', 'hex')],
    ['smile', Buffer.from('3a290a07fa81696441466bfb', 'hex')],
  ] as const)('that cannot be read is not passed on: %s %#', async (format, body) => {
    await expect(read(TYPES[format], [body])).rejects.toThrow(
      'the id in the answer of the cluster cannot be read',
    )
  })

  it.each([
    ['{}', undefined],
    ['{"columns":[{"name":"id"}]}', undefined],
    ['{"is_running":true}', true],
    ['{"columns":[{"id":"x"}]}', undefined],
  ])('is not searched for behind the first fields: %s', async (text, isRunning) => {
    const answer = await read(TYPES.json, [Buffer.from(text)])
    expect([answer.body.toString(), answer.isRunning, answer.seen]).toEqual([text, isRunning, []])
  })

  it('does not keep the rest of a body waiting', async () => {
    let pulled = 0
    const body = await bodyOf('json', QUERIES.kept as AsyncQuery)
    async function* endless(): AsyncGenerator<Buffer> {
      yield body
      for (;;) {
        pulled += 1
        yield Buffer.alloc(65_536)
      }
    }
    const stream = Readable.from(endless(), { objectMode: false })
    const answer = await readAnswer(
      {
        status: 200,
        headers: { 'content-type': TYPES.json, 'x-elastic-product': 'Elasticsearch' },
        body: stream,
      },
      () => SEALED,
    )
    expect([answer.body, pulled < 5]).toEqual([stream, true])
    stream.destroy()
  })

  it.each([
    [{ 'x-elastic-product': '' }, 'what answers 200 is not Elasticsearch'],
    [{ 'content-encoding': 'gzip' }, 'the cluster compresses its answer without being asked to'],
  ])('is not searched for in an answer that cannot be used: %j', async (headers, message) => {
    await expect(read(TYPES.json, [Buffer.from('{}')], headers as Record<string, string>)).rejects.toThrow(
      message,
    )
  })
})
