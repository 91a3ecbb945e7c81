import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { CHECKS } from '../../lib/verify/all-checks'
import type { Result, Verification } from '../../lib/verify/verify'
import { verify } from '../../lib/verify/verify'
import { FlawedProxy } from '../support/broken-servers/proxy'
import { commandHere } from '../support/command-here'
import { conformancePage } from '../support/conformance-page'
import { generatedPage } from '../support/documented'
import type { BuiltPackage } from '../support/server-process'
import { buildPackage, ServerProcess } from '../support/server-process'
import { token } from '../support/tokens'
import type { VerifiedServer } from '../support/verified-servers'
import { startMemory, VERIFIED_SERVERS } from '../support/verified-servers'

/** The cluster decides who may list. */
const STRANGERS_MAY_NOT_LIST = ['owners.list.own', 'skipped', 'a stranger may not list queries']

const NOT_PASSED: Readonly<Record<string, unknown[]>> = {
  'ElasticsearchStore with url': [STRANGERS_MAY_NOT_LIST],
  'ElasticsearchStore with client': [STRANGERS_MAY_NOT_LIST],
}

const runs = new Map<string, readonly Result[]>()
let folder: string
let built: BuiltPackage

beforeAll(() => {
  built = buildPackage()
  folder = mkdtempSync(path.join(tmpdir(), 'verify-spec-'))
})
afterAll(() => {
  built.remove()
  rmSync(folder, { recursive: true })
})

/** The path of a file with this text. */
function file(name: string, text: string): string {
  const written = path.join(folder, name)
  writeFileSync(written, text)
  return written
}

function notPassed({ results }: Verification): unknown[] {
  const others = results.filter(({ outcome }) => outcome !== 'passed')
  return others.map(({ check, outcome, ...rest }) => [check.name, outcome, 'reason' in rest && rest.reason])
}

describe.each(Object.entries(VERIFIED_SERVERS))('%s', (name, start) => {
  let server: VerifiedServer

  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server.close())

  it('passes every check that it lets be asked, and is left without queries', async () => {
    const verification = await verify(server.api)
    runs.set(name, verification.results)
    expect(notPassed(verification)).toEqual(NOT_PASSED[name] ?? [])
    expect(verification.leftBehind).toEqual([])
  })
})

describe('the standalone gateway', () => {
  let gateway: ServerProcess
  let url: string
  let tokens: readonly string[]

  beforeAll(async () => {
    gateway = new ServerProcess(built, {}, ['--port', '0'])
    url = await gateway.url()
    tokens = Object.values((await gateway.started()).tokens as Record<string, string>)
  })
  afterAll(async () => {
    gateway.kill('SIGTERM')
    await gateway.exited
  })

  const QUERIES = ['--completes', 'FROM books', '--runs', 'FROM slower', '--fails', 'FROM nope']

  function run(...args: string[]): ServerProcess {
    const files = tokens.map((text, index) => file(`token-${index}`, `${text}\n`))
    const [alice = '', mallory = ''] = files
    const asked = ['--url', url, '--token-file', alice, '--other-token-file', mallory]
    return new ServerProcess(built, {}, ['verify', ...asked, ...QUERIES, ...args])
  }

  it('passes every check of the command line', async () => {
    const command = run('--format', 'json')
    expect([await command.exited, command.stderr]).toEqual([0, ''])
    const { checks, ...counts } = JSON.parse(command.stdout)
    expect(counts).toEqual({
      passed: CHECKS.length,
      failed: 0,
      failed_should: 0,
      skipped: 0,
      left_behind: [],
    })
    const results = checks.map((result: object, index: number) => ({ ...result, check: CHECKS[index] }))
    runs.set('standalone gateway', results)
  })

  it('passes every check of formats with a column of every type, line breaks included', async () => {
    const command = run('--only', 'formats', '--completes', 'FROM types')
    expect([await command.exited, command.stderr]).toEqual([0, ''])
    expect(command.stdout.split('\n').filter((line) => /^[-✗]/.test(line))).toEqual([
      '- formats.arrow.equals-json (skipped: a type has no form in Arrow)',
    ])
  })

  it('gets no question that needs what is not given', async () => {
    const command = new ServerProcess(built, {}, [
      'verify',
      '--url',
      url,
      '--only',
      'wire.401,owners,life.get',
    ])
    // Without a token, the gateway cannot be asked at all.
    expect(await command.exited).toBe(2)
    expect(command.stderr).toContain('the server does not run `ROW x = 1`')
    expect(command.stderr).toContain('401')
  })
})

describe('describeEsqlAsyncApi under node:test', () => {
  let server: VerifiedServer

  beforeAll(async () => {
    server = await startMemory()
  })
  afterAll(() => server.close())

  it('asks every check as a test of its own, and skips what it cannot ask', async () => {
    const { url, as, queries } = server.api
    const api = JSON.stringify({ url, as, queries: { ...queries, fails: undefined } })
    const test = path.join(built.folder, 'api.test.cjs')
    writeFileSync(
      test,
      `const { describe, it } = require('node:test')
const { describeEsqlAsyncApi } = require('./dist/test-kit/index.js')
describeEsqlAsyncApi('a gateway', ${api}, { describe, it })`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', test])
    const counts = Array.from(stdout.matchAll(/^# (tests|pass|fail|skipped) (\d+)$/gm), ([, name, count]) => [
      name,
      Number(count),
    ])
    const skipped = CHECKS.filter(({ needs }) => needs?.includes('fails')).length
    const passed = CHECKS.length - skipped
    expect(Object.fromEntries(counts)).toEqual({ tests: CHECKS.length, pass: passed, fail: 0, skipped })
  })
})

describe('docs/conformance.md', () => {
  it('says what these runs have found, and nothing else', () => {
    const made = conformancePage(runs)
    expect(generatedPage('docs/conformance.md', made)).toBe(made)
  })
})

describe('the command verify', () => {
  let server: VerifiedServer
  let token1: string

  beforeAll(async () => {
    server = await startMemory()
    token1 = file('alice', `${token({ sub: 'alice' })}\n`)
  })
  afterAll(() => server.close())

  const ask = (...args: string[]): ServerProcess => new ServerProcess(built, {}, ['verify', ...args])
  const good = (...args: string[]): ServerProcess =>
    ask('--url', String(server.api.url), '--token-file', token1, '--completes', 'FROM books', ...args)

  it('says in text what it has asked, and lists what it has not asked', async () => {
    const command = good('--only', 'errors.id,life.get.waits', '--skip', 'malformed')
    expect(await command.exited).toBe(0)
    const lines = command.stdout.split('\n')
    expect(lines).toContain('✓ errors.id.unknown')
    expect(lines).toContain('- errors.id.malformed (skipped: left out)')
    expect(lines).toContain('- life.get.waits (skipped: no query that runs)')
    expect(lines).toContain(`1 passed, 0 failed, 0 of "should" failed, ${CHECKS.length - 1} skipped`)
  })

  it('exits with 1 when a check that must pass fails, and shows a line for a shell without the token', async () => {
    const proxy = await new FlawedProxy(String(server.api.url), {
      flaw: 'repeats the token',
      answer(answer, { headers }) {
        if (answer.status !== 404) return
        answer.status = 410
        answer.body = Buffer.from(JSON.stringify(headers))
      },
      caughtBy: [],
    }).listen()
    const command = ask('--url', proxy.url, '--token-file', token1, '--only', 'errors.id.unknown')
    expect(await command.exited).toBe(1)
    await proxy.close()
    expect(command.stdout).not.toContain('not chosen')
    expect(command.stdout).toMatch(
      /✗ errors\.id\.unknown \(must\)\n.*\n {4}but the status is 410 in place of 404\n {4}asked: curl -sSi -X GET 'http:.*' -H "Authorization: \$AUTHORIZATION"\n {4}got: 410 /,
    )
    expect(command.stdout).toContain('Bearer …')
    expect(command.stdout).not.toContain(token({ sub: 'alice' }).slice(0, 40))
  })

  it('exits with 0 when only a check that should pass fails', async () => {
    const proxy = await new FlawedProxy(String(server.api.url), {
      flaw: 'shows no stack traces',
      request(request) {
        request.path = request.path.replace('?error_trace=true', '')
      },
      caughtBy: [],
    }).listen()
    const command = ask('--url', proxy.url, '--token-file', token1, '--only', 'errors.trace')
    expect(await command.exited).toBe(0)
    await proxy.close()
    expect(command.stdout).toContain('✗ errors.trace.shows (should)')
  })

  it.each<[string, () => string[], RegExp]>([
    ['no URL', () => [], /^express-esql-async-query: --url is missing; see --help\n$/],
    [
      'a bad URL',
      () => ['--url', 'ftp://x'],
      /--url must be an http or https URL such as https:.*, without credentials and query, got `ftp:/,
    ],
    ['an unknown flag', () => ['--urk', 'x'], /the flag --urk is not known; did you mean --url\?/],
    [
      'a file that is not there',
      () => ['--url', 'http://x', '--token-file', '/nope'],
      /--token-file names a file that cannot be read/,
    ],
    [
      'a file without a token',
      () => ['--url', 'http://x', '--token-file', file('bad', 'a\nb')],
      /--token-file names a file without a token/,
    ],
    [
      'an unknown format',
      () => ['--url', 'http://x', '--format', 'xml'],
      /--format must be text, junit, tap or json, got `xml`/,
    ],
    [
      'an unknown check',
      () => ['--url', 'http://x', '--only', 'live'],
      /no check is named `live`; did you mean life\?/,
    ],
    [
      'a bad release',
      () => ['--url', 'http://x', '--release', 'nine'],
      /--release must be a version such as 9.5/,
    ],
  ])('exits with 2 for %s', async (_, args, message) => {
    expect(await commandHere(['verify', ...args()])).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(message),
    })
  })

  it('exits with 2 for a server that is not there', async () => {
    const command = ask('--url', 'http://127.0.0.1:1')
    expect(await command.exited).toBe(2)
    expect(command.stderr).toMatch(/there is no answer: ECONNREFUSED/)
    expect(command.stdout).toBe('')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'deletes its queries and exits with 2 after %s',
    async (signal) => {
      let command: ServerProcess | undefined
      const proxy = await new FlawedProxy(String(server.api.url), {
        flaw: 'interrupts',
        request: ({ path: asked }) => asked.endsWith('=1m') && command?.kill(signal),
        caughtBy: [],
      }).listen()
      const queries = ['--completes', 'FROM books', '--runs', 'RUN']
      command = ask('--url', proxy.url, '--token-file', token1, ...queries, '--only', 'life')
      expect(await command.exited).toBe(2)
      await proxy.close()
      expect(command.stderr).toBe('express-esql-async-query: interrupted\n')
      expect(command.stdout).toContain('- life.get.waits (skipped: interrupted)')
      expect(command.stdout).toContain('- life.keep-alive.shows (skipped: interrupted)')
      expect([...proxy.running].filter((id) => !proxy.deleted.has(id))).toEqual([])
    },
    60_000,
  )

  it('ends after --max-seconds, and says what it has not asked', async () => {
    const proxy = await new FlawedProxy(String(server.api.url), {
      flaw: 'answers no gets',
      request: ({ method }) => method === 'GET' && new Promise(() => {}),
      caughtBy: [],
    }).listen()
    const command = ask('--url', proxy.url, '--token-file', token1, '--only', 'life', '--max-seconds', '1')
    expect(await command.exited).toBe(2)
    await proxy.close()
    expect(command.stdout).toContain('- life.get.result (skipped: not asked within 1 s)')
  })

  it('explains itself', async () => {
    const { code, stdout } = await commandHere(['verify', '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: express-esql-async-query verify --url URL \[FLAGS\]\n/)
    const gateway = new ServerProcess(built, {}, ['--help'])
    expect(await gateway.exited).toBe(0)
    expect(gateway.stdout).toMatch(/\n {2}verify +ask a server whether it keeps the contract of the API\n/)
    const typo = await commandHere(['verfy'])
    expect(typo.code).toBe(2)
    expect(typo.stderr).toBe(
      'express-esql-async-query: the command verfy is not known; did you mean verify?\n',
    )
  })
})
