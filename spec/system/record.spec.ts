import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:http'
import path from 'node:path'
import { readCatalogue } from '../../lib/catalogue/read-catalogue'
import type { Cluster } from '../support/cluster'
import { API_KEY, execute, startCluster } from '../support/cluster'
import { Asker } from '../support/double'
import { RecordingFolder } from '../support/recordings'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'

/** Characters that make a result too long for the catalogue itself. */
const LONG = 100_000

/** The status for a request under another name of the server, which fetch does not send. */
async function statusFor(url: string, host: string): Promise<number | undefined> {
  const request = get(url, { headers: { host } })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.resume()
  return response.statusCode
}

describe('the command record', () => {
  let built: BuiltPackage
  let cluster: Cluster
  let folder: RecordingFolder
  const processes: ServerProcess[] = []

  beforeAll(() => {
    built = buildPackage()
  }, 120_000)
  afterAll(() => built.remove())

  beforeEach(async () => {
    folder = new RecordingFolder()
    cluster = await startCluster({
      execute(query) {
        const [, word, size = 0] = /^ROW (\w+), (\d+)/.exec(query.submitted.query) ?? []
        if (word === undefined) return execute(query)
        const values = [[`${word} ${'x'.repeat(Number(size))}`]]
        return query.complete({ columns: [{ name: 'a', type: 'keyword' }], values })
      },
    })
  })
  afterEach(async () => {
    for (const each of processes.splice(0)) {
      each.kill('SIGKILL')
      await each.exited
    }
    await cluster.close()
    folder.remove()
  })

  const file = (name: string, text: string): string => {
    const written = path.join(folder.path, name)
    writeFileSync(written, text)
    return written
  }
  const run = (...args: string[]): ServerProcess => {
    const begun = new ServerProcess(built, {}, ['record', ...args])
    processes.push(begun)
    return begun
  }
  const record = (...args: string[]): ServerProcess =>
    run('--url', cluster.url, '--out', folder.file, '--api-key-file', file('key', API_KEY.encoded), ...args)

  it('records what clients ask until Ctrl-C, redacted, and says what is left out', async () => {
    const rules = `export default { columns: { name: 'mask' }, params: (params) => params.map(() => '?') }`
    const recorder = record('--redact', file('redact.mjs', rules), '--max-rows', '1')
    const alice = new Asker(await recorder.url(), {})
    await alice.submit('FROM a', { params: ['secret'] })
    await alice.submit('FAIL')
    await alice.begin('RUN')
    recorder.kill('SIGINT')
    expect(await recorder.exited).toBe(0)
    expect(recorder.stdout.split('\n').slice(2)).toEqual([
      'recorded (1 row): FROM a',
      'recorded (failure): FAIL',
      'left out, still running: RUN',
      '2 queries recorded, 1 failure, 1 cut to 1 rows, 1 still running (left out)',
      '  left out, still running: RUN',
      '',
    ])
    expect(folder.queries).toMatchObject([
      { query: 'FAIL' },
      { query: 'FROM a', params: ['?'], response: { values: [[expect.any(Number), '***', null]] } },
    ])
  }, 60_000)

  it.each([
    ['without a cluster', ['--out', 'a'], '--url is missing'],
    [
      'with a module that is none',
      ['--url', 'http://127.0.0.1:1', '--out', 'a', '--redact', 'no.mjs'],
      '--redact names',
    ],
    ['when nobody answers', ['--url', 'http://127.0.0.1:1', '--out', 'a'], 'the server cannot be asked'],
  ])(
    'does not begin %s',
    async (_how, args, reason) => {
      const recorder = run(...args)
      expect(await recorder.exited).toBe(2)
      expect(recorder.stderr).toContain(reason)
    },
    60_000,
  )

  it('answers only this machine, whatever a page calls it', async () => {
    const recorder = record()
    const url = await recorder.url()
    const from = (headers: Record<string, string>) => new Asker(url, {}).send('GET', '/', undefined, headers)
    expect((await from({ origin: 'http://localhost:3000' })).status).toBe(200)
    expect((await from({ origin: 'http://evil.example' })).status).toBe(403)
    expect(await statusFor(url, 'evil.example:80')).toBe(403)
    expect(await statusFor(url, new URL(url).host)).toBe(200)
    expect(cluster.queries).toEqual([])
  }, 60_000)

  it.each([
    [
      'FROM a',
      { columns: [{ name: 'n', type: 'keyword' }], values: [] },
      1,
      /✗ catalogue.FROM a \(must\)\n.*\n.*but the column `name` is new/,
    ],
    ['FAIL', { error: { type: 'verification_exception', reason: 'other' } }, 0, /✓ catalogue.FAIL\n/],
    ['RUN', { error: { type: 'verification_exception', reason: 'other' } }, 2, /- catalogue.RUN \(skipped: /],
  ])(
    'is checked by verify: %s',
    async (query, response, exitCode, told) => {
      writeFileSync(folder.file, JSON.stringify({ version: 2, queries: [{ query, response }] }))
      const token = file('key', API_KEY.authorization)
      const flags = [
        '--url',
        cluster.url,
        '--catalogue',
        folder.file,
        '--token-file',
        token,
        '--max-seconds',
        '2',
      ]
      const verify = new ServerProcess(built, {}, ['verify', ...flags])
      processes.push(verify)
      expect(await verify.exited).toBe(exitCode)
      expect(verify.stdout).toMatch(told)
      expect(cluster.running).toEqual([])
    },
    60_000,
  )

  it('leaves a readable catalogue with everything that was answered, whenever it is killed', async () => {
    const answered = new Set<string>()
    for (let kills = 0; kills < 6; kills += 1) {
      const recorder = record()
      const alice = new Asker(await recorder.url())
      let left = 1 + 3 * kills
      const asked = Array.from({ length: 24 }, async (_, index) => {
        // Some answers stand in the catalogue, some beside it, and some replace those of a run before.
        const query = `ROW q${index % 12}, ${index % 3 === 0 ? LONG + kills : index + kills} | LIMIT ${index}`
        const { status } = await alice.submit(query)
        if (status !== 200) return
        if (left > 0) answered.add(query)
        left -= 1
        if (left === 0) recorder.kill('SIGKILL')
      })
      await Promise.allSettled(asked)
      recorder.kill('SIGKILL')
      await recorder.exited
      expect(() => readCatalogue(folder.file)).not.toThrow()
      const known = folder.queries.map(({ query }) => query)
      expect([...answered].filter((query) => !known.includes(query))).toEqual([])
    }
  }, 240_000)
})
