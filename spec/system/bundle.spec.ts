import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { sign } from 'jsonwebtoken'
import { pageOf } from '../support/documented'
import { type Consumer, createConsumer } from '../support/packed'
import { until } from '../support/until'

const ROOT = path.join(__dirname, '..', '..')
const KEY = 'a key of the issuer that is long enough'

const GATEWAY = `
  import express from 'express'
  import { asyncQueryRouter, jwtCaller, MemoryStore } from 'express-esql-async-query'

  const store = new MemoryStore({
    execute: ({ query }) => ({ columns: [{ name: 'query', type: 'keyword' }], values: [[query]] }),
  })
  const resolveCaller = jwtCaller({ key: '${KEY}', algorithms: ['HS256'], issuer: 'issuer', audience: 'esql' })
  const app = express().use(asyncQueryRouter({ store, resolveCaller }))
  const server = app.listen(0, '127.0.0.1', () => console.log(server.address().port))
`

/** The flags for esbuild in the recipe. */
function documentedFlags(): string[] {
  const [, command = ''] = /^npx esbuild gateway\.mjs ([\s\S]*?)^```$/m.exec(pageOf('docs/recipes.md')) ?? []
  return command.split(/[\s\\]+/).filter((flag) => flag !== '' && !flag.startsWith('--outfile'))
}

describe('a gateway that is bundled as its recipe says', () => {
  let consumer: Consumer
  let elsewhere: string
  beforeAll(() => {
    consumer = createConsumer()
    elsewhere = mkdtempSync(path.join(tmpdir(), 'bundle-'))
  })
  afterAll(() => {
    consumer.remove()
    rmSync(elsewhere, { recursive: true, force: true })
  })

  /** Bundles the gateway into a folder without modules, and runs `use` while it listens. */
  async function withBundle(
    flags: string[],
    use: (url: string, printed: () => string) => Promise<void>,
  ): Promise<void> {
    const bundle = path.join(elsewhere, 'gateway.cjs')
    const esbuild = path.join(ROOT, 'node_modules', '.bin', 'esbuild')
    consumer.run(
      esbuild,
      consumer.write('gateway.mjs', GATEWAY),
      ...documentedFlags(),
      ...flags,
      '--log-level=error',
      `--outfile=${bundle}`,
    )
    const child = spawn(process.execPath, [bundle], {
      cwd: elsewhere,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    child.stderr.on('data', (text) => {
      printed += text
    })
    try {
      for await (const port of createInterface(child.stdout)) {
        await use(`http://127.0.0.1:${port}/_query/async`, () => printed)
        break
      }
    } finally {
      child.kill('SIGKILL')
    }
  }

  const token = sign({ sub: 'alice' }, KEY, { issuer: 'issuer', audience: 'esql', expiresIn: 60 })
  const authorization = `Bearer ${token}`
  const submit = (url: string, body: object): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('needs no flag for a package', () => {
    expect(documentedFlags()).toEqual(['--bundle', '--platform=node'])
  })

  it('refuses a request without a token, accepts a submit and returns its result', async () => {
    expect.assertions(4)
    await withBundle([], async (url) => {
      const refused = await fetch(url, { method: 'POST' })
      expect(refused.status).toBe(401)

      const submitted = await submit(url, { query: 'ROW n = 1', keep_on_completion: true })
      const { id } = (await submitted.json()) as { id: string }
      const got = await fetch(`${url}/${id}`, { headers: { authorization } })
      expect(await got.json()).toMatchObject({ id, is_running: false, values: [['ROW n = 1']] })

      const invalid = await submit(url, { query: 1 })
      expect(invalid.status).toBe(400)

      const arrow = await submit(`${url}?format=arrow`, { query: 'ROW n = 1' })
      expect([arrow.status, arrow.headers.get('content-type')]).toEqual([
        200,
        'application/vnd.apache.arrow.stream',
      ])
    })
  })

  it('works without the optional packages', async () => {
    expect.assertions(5)
    // The other folder has no packages.
    const flags = ['apache-arrow', 'yaml', '@opentelemetry/api'].map((name) => `--external:${name}`)
    await withBundle(flags, async (url, printed) => {
      const submitted = await submit(url, { query: 'ROW n = 1' })
      expect(await submitted.json()).toMatchObject({ values: [['ROW n = 1']] })

      const arrow = await submit(`${url}?format=arrow`, { query: 'ROW n = 1' })
      expect(await arrow.json()).toMatchObject({
        error: { reason: 'the format [arrow] needs the package [apache-arrow] on the server' },
      })

      const sent = (format: string) => ({
        method: 'POST',
        headers: { authorization, 'content-type': `application/${format}`, accept: 'application/json' },
        body:
          format === 'yaml' ? 'query: ROW n = 1' : Buffer.from('a165717565727961 51'.replace(' ', ''), 'hex'),
      })
      const refused = await fetch(url, sent('yaml'))
      expect(await refused.json()).toEqual({
        error: 'Content-Type header [application/yaml] is not supported',
        status: 406,
      })
      await until(() => printed() !== '')
      expect(printed()).toContain('run `npm install yaml`')
      expect((await fetch(url, sent('cbor'))).status).toBe(200)
    })
  })
})
