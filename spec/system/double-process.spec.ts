import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Asker, TABLE } from '../support/double'
import { askControl } from '../support/double-control'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'

describe('the command double', () => {
  const running: ServerProcess[] = []
  let built: BuiltPackage

  beforeAll(() => {
    built = buildPackage()
  }, 120_000)
  afterEach(() => {
    for (const started of running.splice(0)) started.kill('SIGKILL')
  })
  afterAll(() => built.remove())

  const start = (args: string[], environment = {}): ServerProcess => {
    const started = new ServerProcess(built, environment, ['double', ...args])
    running.push(started)
    return started
  }

  const lineOf = async (started: ServerProcess): Promise<{ url: string; tokens: { alice: string } }> => {
    const chunks = started.pipe('stdout')
    while (!started.stdout.includes('\n')) await new Promise((resolve) => chunks.once('data', resolve))
    return JSON.parse(started.stdout)
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints one line for programs, answers, and ends after %s',
    async (signal) => {
      const started = start(['--control', '--clock', 'manual', '--port', '0', '--print', 'json'])
      const line = await lineOf(started)
      const { url, tokens } = line
      expect(line).toEqual({
        url,
        control: `${url}/__double`,
        tokens: { alice: expect.any(String), mallory: expect.any(String) },
        pid: expect.any(Number),
      })
      await askControl(url, 'POST', '/__double/queries', { body: { query: 'FROM a', response: TABLE } })
      const alice = new Asker(url, { authorization: `Bearer ${tokens.alice}` })
      expect((await alice.submit('FROM a')).json.values).toEqual(TABLE.values)
      started.kill(signal)
      // As npm does. The first may have ended the process already.
      started.kill(signal)
      expect([await started.exited, started.stderr]).toEqual([0, ''])
    },
    60_000,
  )

  it('serves a catalogue, without a control', async () => {
    const started = start(['--catalogue', `${built.folder}/sample-queries.json`, '--anonymous'])
    const url = await started.url()
    const asker = new Asker(url, {})
    expect((await asker.submit('FROM books')).status).toBe(200)
    expect((await asker.send('GET', '/__double')).status).toBe(400)
    expect(started.stdout).toMatch(/\n {2}alice: Authorization: Bearer \S+\n {2}mallory: /)
    expect(started.stdout).not.toContain('__double')
  }, 60_000)

  it.each([
    ['in production', [], { NODE_ENV: 'production' }, /NODE_ENV=production.* --in-production\n$/],
    [
      'with an unknown flag',
      ['--clok', 'manual'],
      {},
      /the flag --clok is not known; did you mean --clock\?/,
    ],
    ['with a wrong clock', ['--clock', 'none'], {}, /--clock must be real or manual, got `none`/],
    ['with a wrong port', ['--port', '65536'], {}, /--port must be a port, 0 to 65535/],
    ['without its catalogue', ['--catalogue', 'nowhere.json'], {}, /nowhere\.json: ENOENT/],
    ['with a wrong switch', ['--control', 'maybe'], {}, /--control must be true or false, got `maybe`/],
  ])(
    'does not start %s',
    async (_what, args, environment, message) => {
      const started = start(args, environment)
      expect([await started.exited, started.stdout]).toEqual([2, ''])
      expect(started.stderr).toMatch(message)
    },
    60_000,
  )

  it('starts in production where that is wanted', async () => {
    const started = start(['--in-production'], { NODE_ENV: 'production' })
    expect(await started.url()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  }, 60_000)

  it('says that its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const started = start(['--port', String((server.address() as AddressInfo).port)])
    const code = await started.exited
    server.close()
    expect([code, started.stderr]).toEqual([2, expect.stringMatching(/EADDRINUSE/)])
  }, 60_000)

  it('explains itself', async () => {
    const started = start(['--help'])
    expect(await started.exited).toBe(0)
    expect(started.stdout).toMatch(/^Usage: express-esql-async-query double \[FLAGS\]\n/)
  }, 60_000)
})
