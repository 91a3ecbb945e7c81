import { Client } from '@elastic/elasticsearch'
import fc from 'fast-check'
import type { QueryResult } from '../../lib/core/result'
import { warningHeaders } from '../../lib/router/warnings'
import { readWarnings } from '../../lib/stores/elasticsearch/answers/warnings'
import { anyCharacter } from '../support/any-character'
import { TABLE } from '../support/engine'
import { type Answer, type Gateway, startGateway } from '../support/gateway'
import { token } from '../support/tokens'
import { until } from '../support/until'

const AGENT = '299 Elasticsearch-9.5.0-unknown'

describe('warningHeaders', () => {
  it.each([
    ['No limit defined, adding default limit of [1000]', 'No limit defined, adding default limit of [1000]'],
    ['a "quote" and a \\', 'a \\"quote\\" and a \\\\'],
    ['100%', '100%25'],
    ['one\r\nSet-Cookie: two', 'one%0D%0ASet-Cookie: two'],
    ['tab\there \0\x7f', 'tab\there %00%7F'],
    ['caf\xe9 \u20ac \u{1f600}', 'caf\xe9 %E2%82%AC %F0%9F%98%80'],
    ['', ''],
  ])('writes %j in the form of Elasticsearch', (text, written) => {
    expect(warningHeaders([text])).toEqual([`${AGENT} "${written}"`])
  })

  it('writes each text once, in order', () => {
    expect(warningHeaders(['b', 'a', 'b', 'c', 'a'])).toEqual(
      ['b', 'a', 'c'].map((text) => `${AGENT} "${text}"`),
    )
  })

  it('cuts a long text', () => {
    expect(warningHeaders(['x'.repeat(100_000)])).toEqual([`${AGENT} "${'x'.repeat(1_000)}..."`])
  })

  it.each([
    ['plain', (index: number) => `${index} `.padEnd(900, 'x')],
    ['escaped', (index: number) => `${index} `.padEnd(900, '\u20ac')],
    ['short', String],
  ])('writes as many as fit: %s', (_, textOf) => {
    const lines = warningHeaders(Array.from({ length: 10_000 }, (_each, index) => textOf(index)))
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(`Warning: ${line}\r\n`, 'latin1'), 0)
    expect(bytes).toBeLessThanOrEqual(8_192)
    expect(lines.length === 0 || bytes > 8_192 - 9_100).toBe(true)
  })

  it('writes what reads back, whatever the text, and what every header can hold', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: anyCharacter, maxLength: 50 }), { maxLength: 5 }), (texts) => {
        const lines = warningHeaders(texts)
        for (const line of lines) expect(line).toMatch(/^[\t\x20-\x7e\x80-\xff]*$/)
        const expected = [...new Set(texts.map((text) => text.toWellFormed()))]
        expect(readWarnings(lines)).toEqual(expected)
        expect(readWarnings(lines.join(', '))).toEqual(expected)
      }),
    )
  })
})

describe('the warnings of a result', () => {
  const warnings = ['No limit defined', 'a "b"\r\nX-Injected: 1', 'No limit defined']
  const sent = `${AGENT} "No limit defined", ${AGENT} "a \\"b\\"%0D%0AX-Injected: 1"`
  const result: QueryResult = { ...TABLE, warnings }
  let gateway: Gateway

  beforeEach(async () => {
    gateway = await startGateway()
  })
  afterEach(() => gateway.close())

  const poll = (id: string, rest = '', method = 'GET'): Promise<Answer> =>
    gateway.alice(`${method} /_query/async/${id}${rest}`)

  async function begin(): Promise<string> {
    const { headers } = await gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '0', keep_on_completion: true },
    })
    expect(headers).not.toHaveProperty('warning')
    return headers['x-elasticsearch-async-id'] ?? ''
  }

  it('come with every answer that shows the result, in headers alone', async () => {
    const id = await begin()
    expect((await poll(id, '?wait_for_completion_timeout=0')).headers).not.toHaveProperty('warning')
    gateway.engine.run.complete(result)
    for (const answer of [
      await poll(id),
      await poll(id, '?format=csv'),
      await poll(id, '?format=arrow'),
      await poll(id, '?format=md'),
      await poll(id, '', 'HEAD'),
      await poll(id, '/stop', 'POST'),
    ]) {
      expect([answer.status, answer.headers.warning]).toEqual([200, sent])
      expect(answer.headers).not.toHaveProperty('x-injected')
      expect(answer.text).not.toContain('No limit')
    }
  })

  it('come with a submit that waits', async () => {
    const answer = gateway.alice('POST /_query/async', {
      body: { query: 'RUN', wait_for_completion_timeout: '1d' },
    })
    await until(() => gateway.engine.runs.length > 0)
    gateway.engine.run.complete(result)
    expect((await answer).headers.warning).toBe(sent)
  })

  it('come with the rows that a stop keeps', async () => {
    const id = await begin()
    gateway.engine.run.report(result)
    expect((await poll(id, '/stop', 'POST')).headers.warning).toBe(sent)
  })

  it('do not come with a refusal', async () => {
    const id = await begin()
    gateway.engine.run.complete(result)
    const { status, headers } = await poll(id, '?format=csv&delimiter=ab')
    expect(status).toBe(400)
    expect(headers).not.toHaveProperty('warning')
  })

  it('reach the official client', async () => {
    const id = await begin()
    gateway.engine.run.complete(result)
    const client = new Client({ node: gateway.url, auth: { bearer: token({ sub: 'alice' }) } })
    const answer = await client.esql.asyncQueryGet({ id }, { meta: true })
    await client.close()
    expect(answer.warnings?.map((line) => readWarnings(line)[0])).toEqual([
      'No limit defined',
      'a "b"\r\nX-Injected: 1',
    ])
  })
})
