import type { ApiTestRunner } from 'express-esql-async-query/test-kit'
import { describeEsqlAsyncApi } from 'express-esql-async-query/test-kit'
import { CHECKS } from '../../lib/verify/all-checks'
import { FlawedProxy } from '../support/broken-servers/proxy'
import type { VerifiedServer } from '../support/verified-servers'
import { apiAt, startMemory } from '../support/verified-servers'

let server: VerifiedServer

beforeAll(async () => {
  server = await startMemory()
})
afterAll(() => server.close())

const { as, queries } = apiAt('')
const api = { url: () => String(server.api.url), ...(as && { as }), ...(queries && { queries }) }

describeEsqlAsyncApi('a gateway under Jest', { ...api, skip: ['query'] }, { describe, it })

describe('describeEsqlAsyncApi', () => {
  /** What it registers: the titles of tests and of skipped ones, and the bodies. */
  function registered(target: Parameters<typeof describeEsqlAsyncApi>[1], canSkip = true) {
    const groups: string[] = []
    const tests = new Map<string, () => Promise<void>>()
    const skipped: string[] = []
    const register = (title: string, body: () => Promise<void>): void => {
      tests.set(title, body)
    }
    const skip = (title: string): void => {
      skipped.push(title)
    }
    const describe = (name: string, body: () => void): void => {
      groups.push(name)
      body()
    }
    describeEsqlAsyncApi('x', target, { describe, it: Object.assign(register, canSkip && { skip }) })
    return { groups, tests, skipped }
  }

  it('registers each check as a test or as a skipped one, in groups', () => {
    const { groups, tests, skipped } = registered({ url: 'http://x' })
    expect(groups).toEqual(['x', 'wire', 'life', 'owners', 'formats', 'errors', 'document'])
    expect(tests.size + skipped.length).toBe(CHECKS.length)
    expect(skipped).toContain(
      'life.get.waits: a get that waits answers when the query ends (no query that runs)',
    )
  })

  it('leaves out what is not asked where the runner cannot skip', () => {
    const { groups, tests } = registered({ url: 'http://x' }, false)
    expect(groups).not.toContain('owners')
    expect([...tests.keys()].filter((title) => title.startsWith('life.stop'))).toEqual([
      'life.stop.complete: a stop of a complete query answers with its result',
    ])
  })

  it('says what the contract says, what is the case, and how to ask it', async () => {
    const proxy = await new FlawedProxy(String(server.api.url), {
      flaw: 'has its own status',
      answer: (answer) => answer.status === 404 && Object.assign(answer, { status: 410 }),
      caughtBy: [],
    }).listen()
    const { tests } = registered({ ...api, url: proxy.url, only: ['errors.id.unknown'] })
    const [test] = tests.values()
    await expect(test?.()).rejects.toThrow(
      /^The contract says: an id that no query has gets 404, and the reason is the id\. But the status is 410 in place of 404\.\nasked: curl .*\ngot: 410 /,
    )
    await proxy.close()
  })

  it('asks one check after the other, even if the runner begins them together', async () => {
    const proxy = await new FlawedProxy(String(server.api.url), { flaw: 'none', caughtBy: [] }).listen()
    const { tests } = registered({ ...api, url: proxy.url, only: ['life.stop', 'life.get'] })
    await Promise.all([...tests.values()].map((test) => test()))
    await proxy.close()
    expect([tests.size, proxy.mostRunning]).toEqual([10, 1])
  })

  it('takes describe and it of node:test', () => {
    const runnerOf = ({ describe, it }: typeof import('node:test')): ApiTestRunner => ({ describe, it })
    expect(runnerOf).toBeInstanceOf(Function)
  })

  it.each<[object, string]>([
    [{ url: 'http://x', skip: ['stopp'] }, 'no check is named `stopp`; did you mean stop?'],
    [{ url: 'http://x', release: '9' }, 'The release must be like 9.5, got `9`'],
  ])('refuses %j', (target, message) => {
    expect(() => registered(target as never)).toThrow(new TypeError(message))
  })
})
