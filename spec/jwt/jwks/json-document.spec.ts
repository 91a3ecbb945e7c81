import type { RequestListener } from 'node:http'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import { ManualClock } from 'express-esql-async-query/test-kit'
import { getDocument, isFetchable, KeySourceError, withinTime } from '../../../lib/jwt/jwks/json-document'
import { Issuer } from '../../support/issuer'

describe('getDocument', () => {
  let issuer: Issuer

  beforeEach(async () => {
    issuer = await new Issuer().start()
  })
  afterEach(() => issuer.stop())

  function get(answer: RequestListener): Promise<unknown> {
    issuer.answer = answer
    const { signal } = new AbortController()
    return getDocument('the document', new URL(issuer.jwksUrl), { fetch, signal })
  }

  it('asks for JSON, and resolves to the published object', async () => {
    const document = await get(({ headers }, response) =>
      response.end(JSON.stringify({ accept: headers.accept, text: 'é' })),
    )
    expect(document).toEqual({ accept: 'application/json', text: 'é' })
  })

  it('ignores a byte order mark', async () => {
    await expect(get((_, response) => response.end('\uFEFF{"a":1}'))).resolves.toEqual({ a: 1 })
  })

  it('accepts 256 KiB', async () => {
    const text = JSON.stringify({ text: 'x'.repeat(262_144 - '{"text":""}'.length) })
    await expect(get((_, response) => response.end(text))).resolves.toEqual(JSON.parse(text))
  })

  it.each<[string, RequestListener, string]>([
    ['more than 256 KiB', (_, response) => response.end('x'.repeat(262_145)), 'is larger than 262144 bytes'],
    [
      'an endless body',
      (_, response) => endless(() => response.write('x'.repeat(65_536))),
      'is larger than 262144 bytes',
    ],
    [
      'a small body that is large unpacked',
      (_, response) =>
        response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(10_000_000, ' '))),
      'is larger than 262144 bytes',
    ],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: '/topsecret' }).end(),
      'was answered with 302',
    ],
    ['an error', (_, response) => response.writeHead(500).end('topsecret'), 'was answered with 500'],
    ['another success', (_, response) => response.writeHead(203).end('{}'), 'was answered with 203'],
    ['no content', (_, response) => response.writeHead(204).end(), 'was answered with 204'],
    ['nothing', (_, response) => response.end(), 'is not a JSON object'],
    ['no JSON', (_, response) => response.end('<html>topsecret</html>'), 'is not a JSON object'],
    ['a list', (_, response) => response.end('["topsecret"]'), 'is not a JSON object'],
    ['null', (_, response) => response.end('null'), 'is not a JSON object'],
  ])('refuses %s, and shows nothing of it', async (_, answer, message) => {
    const error = await get(answer).catch((thrown) => thrown)
    const place = message.startsWith('was answered') ? `, at ${issuer.jwksUrl}` : ''
    expect(error).toBeInstanceOf(KeySourceError)
    expect(error).toEqual(new KeySourceError(`the document ${message}${place}`))
    expect(inspect(error)).not.toContain('topsecret')
  })

  it('stops reading when its signal fires, even if the fetch goes on', async () => {
    const controller = new AbortController()
    const tooLate = new Error('too late')
    let read = 0
    const body = new ReadableStream({
      pull: (stream) => {
        if (read++ === 1) controller.abort(tooLate)
        stream.enqueue(Buffer.from(' '))
      },
    })
    const got = getDocument('the document', new URL(issuer.jwksUrl), {
      fetch: async () => new Response(body),
      signal: controller.signal,
    })
    await expect(got).rejects.toBe(tooLate)
    expect(read).toBeLessThan(10)
  })

  it('refuses an answer after a redirect that fetch has followed', async () => {
    const redirected = new Response('{}')
    Object.defineProperty(redirected, 'redirected', { value: true })
    const { signal } = new AbortController()
    const got = getDocument('the document', new URL(issuer.jwksUrl), {
      fetch: async () => redirected,
      signal,
    })
    await expect(got).rejects.toThrow('the document was answered with a redirect')
  })
})

describe('withinTime', () => {
  it('gives up after the time limit, and fires the signal', async () => {
    const clock = new ManualClock()
    let told: AbortSignal | undefined
    const run = (signal: AbortSignal): Promise<void> => {
      told = signal
      return new Promise(() => {})
    }
    const outcome = withinTime(5_000, run, clock).catch((error) => error)
    await clock.advance(4_999)
    expect(told?.aborted).toBe(false)
    await clock.advance(1)
    expect(await outcome).toEqual(new Error('it has taken longer than 5000 ms'))
    expect(told?.aborted).toBe(true)
  })

  it('releases an answer that was not read', async () => {
    const issuer = await new Issuer().start()
    const closed = new Promise((resolve) => {
      issuer.answer = (_, response) => response.on('close', resolve).writeHead(500).write('x')
    })
    const get = (signal: AbortSignal) =>
      getDocument('the document', new URL(issuer.jwksUrl), { fetch, signal })
    await expect(withinTime(600_000, get)).rejects.toThrow('was answered with 500')
    await closed
    await issuer.stop()
  })

  it('passes on a result or an error within the time limit, and leaves no timer', async () => {
    const clock = new ManualClock()
    const failure = new Error('refused')
    await expect(withinTime(5_000, async () => 'result', clock)).resolves.toBe('result')
    await expect(withinTime(5_000, () => Promise.reject(failure), clock)).rejects.toBe(failure)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('isFetchable', () => {
  it.each([
    ['https://issuer.example/jwks?p=1', true, true],
    ['http://issuer.example/jwks', false, true],
    ['http://localhost/jwks', false, true],
    ['https://user@issuer.example/', false, false],
    ['https://:pass@issuer.example/', false, false],
    ['file:///etc/passwd', false, false],
    ['data:application/json,{}', false, false],
  ])('of %s is %j, and with allowHttp %j', (url, plain, allowed) => {
    expect([isFetchable(new URL(url), {}), isFetchable(new URL(url), { allowHttp: true })]).toEqual([
      plain,
      allowed,
    ])
  })
})

function endless(write: () => boolean): void {
  while (write());
  setImmediate(() => endless(write)).unref()
}
