import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Client } from '@elastic/elasticsearch'
import { newSealingKey } from 'express-esql-async-query'
import supertest from 'supertest'
import { parseCommandLine } from '../../lib/server/config'
import type { DevelopmentAccess } from '../../lib/server/development-mode'
import { createDevelopmentAccess } from '../../lib/server/development-mode'
import { lineLogger } from '../../lib/server/line-logger'
import type { RunningServer } from '../../lib/server/server'
import { startServer } from '../../lib/server/server'

const FOLDER = path.join(__dirname, '..', '..', 'lib', 'console')

/** What a browser sends when somebody types an address. */
const OF_BROWSERS = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

let access: DevelopmentAccess
let server: RunningServer

beforeAll(() => {
  access = createDevelopmentAccess()
})

afterEach(() => server.close(1))

async function start(
  environment: Record<string, string> = {},
  checks: { resolveCaller: DevelopmentAccess['resolveCaller'] } = access,
) {
  const command = parseCommandLine([], { ESQL_ASYNC_PORT: '0', ...environment })
  if (command.action !== 'serve') throw new Error('no configuration')
  server = await startServer(
    command.config,
    checks,
    lineLogger('error', () => {}),
  )
  return supertest(server.url)
}

const EXPOSED = { ESQL_ASYNC_HOST: '0.0.0.0', ESQL_ASYNC_DEVELOPMENT: 'true' }

const REFUSED = {
  error: {
    root_cause: [
      {
        type: 'security_exception',
        reason: 'the console needs the key of the link that the gateway has printed',
      },
    ],
    type: 'security_exception',
    reason: 'the console needs the key of the link that the gateway has printed',
  },
  status: 403,
}

describe('the page of development mode', () => {
  it.each([
    ['a browser', OF_BROWSERS, 'text/html; charset=utf-8'],
    ['a client that takes only HTML', 'text/html', 'text/html; charset=utf-8'],
    ['curl', '*/*', 'application/json'],
    ['a client without an Accept header', undefined, 'application/json'],
    ['a client that asks for JSON', 'application/json', 'application/json'],
    ['a client that likes both', 'application/json, text/html', 'application/json'],
    ['a client that likes JSON more', 'text/html;q=0.5, application/json', 'application/json'],
    [
      'an official client',
      'application/vnd.elasticsearch+json; compatible-with=9',
      'application/vnd.elasticsearch+json;compatible-with=9',
    ],
  ])('at / gives %s what it asks for', async (_who, accept, type) => {
    const asked = await start()
    const headers = { Authorization: `Bearer ${access.alice}`, ...(accept && { Accept: accept }) }
    const answer = await asked.get('/').set(headers)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe(type)
    expect(answer.headers.vary).toContain('Accept')
  })

  it('leaves info() and ping() of the official client as they are', async () => {
    await start()
    const client = new Client({ node: server.url, auth: { bearer: access.alice }, maxRetries: 0 })
    expect((await client.info()).tagline).toBe('You Know, for Search')
    expect(await client.ping()).toBe(true)
    await client.close()
  })

  it('answers HEAD of a browser without a body', async () => {
    const answer = await (await start()).head('/').set('Accept', OF_BROWSERS)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(answer.text).toBeUndefined()
  })

  it('is not there with real tokens', async () => {
    const asked = await start({}, { resolveCaller: access.resolveCaller })
    const answers = [
      await asked.get('/').set('Accept', OF_BROWSERS),
      await asked.get('/_console/main.js'),
      await asked.get('/_console/session.json'),
    ]
    expect(answers.map(({ status, type }) => [status, type])).toEqual([
      [401, 'application/json'],
      [400, 'application/json'],
      [400, 'application/json'],
    ])
  })

  it.each(['/', '/_console/main.js', '/_console/console.css', '/_console/session.json'])(
    'lets nothing but its own files run: %s',
    async (url) => {
      const { headers } = await (await start()).get(url).set('Accept', OF_BROWSERS)
      expect(headers).toMatchObject({
        'content-security-policy': POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      })
    },
  )

  it('serves each of its files, with the type that browsers insist on', async () => {
    const asked = await start()
    const types: Record<string, string> = {
      '.css': 'text/css; charset=utf-8',
      '.html': 'text/html; charset=utf-8',
      '.js': 'text/javascript; charset=utf-8',
      '.json': 'application/json; charset=utf-8',
      '.svg': 'image/svg+xml',
    }
    const files = readdirSync(FOLDER)
    const answers = await Promise.all(files.map((file) => asked.get(`/_console/${file}`)))
    expect(answers.map(({ status, headers }) => [status, headers['content-type']])).toEqual(
      files.map((file) => [200, types[path.extname(file)]]),
    )
  })

  it.each(['/_console/', '/_console/missing.js', '/_console/..%2fserver/app.ts', '/_console/%2e%2e/bin.ts'])(
    'serves nothing else: %s',
    async (url) => {
      const answer = await (await start()).get(url)
      expect(answer.body).toEqual({ error: `no handler found for uri [${url}] and method [GET]` })
    },
  )

  it.each(readdirSync(FOLDER))('has no inline script, no inline style and no other host: %s', (file) => {
    const text = readFileSync(path.join(FOLDER, file), 'utf8')
    expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function/)
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
    expect(text).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle="|\son\w+="/)
    expect(text.split('\n').length).toBeLessThanOrEqual(301)
  })
})

describe('the tokens of the page', () => {
  const session = '/_console/session.json'

  it('come with the sample queries', async () => {
    const { status, headers, body } = await (await start()).get(session)
    expect(status).toBe(200)
    expect(headers['cache-control']).toBe('no-store')
    expect(body).toEqual({
      run: expect.stringMatching(/^[\da-f-]{36}$/),
      serves: 'samples',
      tokens: { alice: access.alice, mallory: access.mallory },
      hasArrow: true,
      queries: expect.arrayContaining([
        { usage: 'FROM books', shows: 'a small table: text, a multi-value, a null' },
      ]),
    })
  })

  it.each(['localhost', 'localhost:3000', '127.0.0.1:80', '[::1]:3000'])(
    'are given to this machine: %s',
    async (host) => {
      expect((await (await start()).get(session).set('Host', host)).status).toBe(200)
    },
  )

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:3000', '[::2]'])(
    'are not given to a page of another name that means this machine: %s',
    async (host) => {
      const { status, body } = await (await start()).get(session).set('Host', host)
      expect({ status, body }).toEqual({ status: 403, body: REFUSED })
    },
  )

  it('are given to nobody without the key where others reach the server', async () => {
    const asked = await start(EXPOSED)
    const { status, body } = await asked.get(session).set('Host', 'localhost')
    expect({ status, body }).toEqual({ status: 403, body: REFUSED })
    const wrong = 'x'.repeat(access.consoleKey.length)
    expect((await asked.get(session).set('X-Console-Key', wrong)).status).toBe(403)
    expect((await asked.get(session).set('X-Console-Key', access.consoleKey)).status).toBe(200)
  })

  it('are given to nobody without the key in front of a cluster, which has no sample queries', async () => {
    const asked = await start({
      ELASTICSEARCH_URL: 'http://127.0.0.1:9',
      ESQL_ASYNC_SEALING_KEYS: newSealingKey(),
      ESQL_ASYNC_DEVELOPMENT: 'true',
    })
    expect((await asked.get(session)).body).toEqual(REFUSED)
    const { body } = await asked.get(session).set('X-Console-Key', access.consoleKey)
    expect(body).toMatchObject({ serves: 'cluster', queries: [] })
  })

  it('are readable by no page of another origin, even of an allowed one', async () => {
    const asked = await start({ ESQL_ASYNC_CORS_ALLOW_ORIGIN: '*' })
    const { headers } = await asked.get(session).set('Origin', 'https://app.example')
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})
