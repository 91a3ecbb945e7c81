import type { Owner } from '../../lib/core/caller'
import type { AsyncQueryStore, QueryRequest } from '../../lib/core/store'
import { MemoryStore } from '../../lib/stores/memory/memory-store'
import type { SeedOptions, StoreHarness, TestRunner } from '../../lib/test-kit'
import { describeAsyncQueryStore } from '../../lib/test-kit'
import { BrokenHarness, brokenStores } from '../support/broken-stores'
import { contractErrors, contractFailures, contractTests, contractTitles } from '../support/contract-failures'
import { MemoryHarness } from '../support/memory-harness'
import { SharedHarness } from '../support/shared-harness'

/** A store that can only be read, and the store behind it that somebody else fills. */
class GetOnlyHarness extends MemoryHarness {
  override readonly offers = []
  readonly #behind = new WeakMap<AsyncQueryStore, MemoryStore>()

  override async create(): Promise<AsyncQueryStore> {
    const behind = this.createMemoryStore()
    const store: AsyncQueryStore = { get: (id, owner, options) => behind.get(id, owner, options) }
    this.#behind.set(store, behind)
    return store
  }

  async seed(
    store: AsyncQueryStore,
    request: QueryRequest,
    owner: Owner,
    options: SeedOptions,
  ): Promise<string> {
    const behind = this.#behind.get(store)
    const query = await behind?.submit(request, owner, { ...options, waitForCompletionTimeoutMs: 0 })
    return query?.id ?? ''
  }
}

/** A harness that cannot turn the clock of its store. */
function realTimeHarness(): StoreHarness {
  const memory = new MemoryHarness()
  const { execute, queries, outcomes } = memory
  return {
    create: async () => new MemoryStore({ execute }),
    queries,
    outcomes,
    release: () => memory.release(),
    stepMs: 20,
  }
}

describe('describeAsyncQueryStore', () => {
  it('accepts a good store', async () => {
    expect(await contractFailures(() => new SharedHarness())).toEqual([])
  })

  it.each(brokenStores)('catches a store that $flaw', async (broken) => {
    const failures = await contractFailures(() => new BrokenHarness(broken), broken.caughtBy)
    expect(failures).toEqual(broken.caughtBy.toSorted())
  })

  it('says in sentences what a store breaks', async () => {
    const errors = await Promise.all(
      brokenStores.map((broken) => contractErrors(() => new BrokenHarness(broken), broken.caughtBy)),
    )
    for (const { title, error } of errors.flat()) {
      expect(error.message.startsWith(`The contract says: ${title}. But `)).toBe(true)
      expect(error.message).toMatch(/ [^.]+.*\.$/s)
      expect(error.message).not.toMatch(/Expected |Cannot |undefined \(|\n\n/)
    }
  })

  it.each<[string, AsyncQueryStore['get'], string]>([
    ['nothing', async () => undefined, 'undefined came in place of a running query'],
    ['null', async () => null as never, 'null came in place of a running query'],
    ['a text', async () => 'x' as never, "'x' came in place of a running query"],
    ['no id', async () => ({ isRunning: true }) as never, 'a running query has no id'],
    ['with an error', () => Promise.reject(new RangeError('no')), 'a call threw RangeError: no'],
  ])('says what came where get answers %s', async (_, get, found) => {
    const title = 'get answers at once with a wait of 0'
    const createHarness = (): StoreHarness => {
      const harness = new MemoryHarness()
      const create = async () => Object.assign(await harness.create(), { get })
      return Object.assign(new MemoryHarness(), { create })
    }
    const [failure] = await contractErrors(createHarness, [title])
    expect(failure?.error.message).toBe(`The contract says: ${title}. But ${found}.`)
    expect(failure?.error.cause).toBeDefined()
  })

  it.each([undefined, null, {}, 5])('says it in sentences where every method answers %j', async (answer) => {
    const createHarness = (): StoreHarness => {
      const method = async () => answer as never
      const create = async () => ({
        submit: method,
        get: method,
        stop: method,
        delete: method,
        list: method,
        close: method,
      })
      return Object.assign(new MemoryHarness(), { create })
    }
    for (const { error } of await contractErrors(createHarness)) {
      expect(error.message).toMatch(/^The contract says: .* But .*\.$/s)
      expect(error.message).not.toMatch(/TypeError/)
    }
  })

  it('has no test that no broken store fails', () => {
    const caught = new Set(brokenStores.flatMap(({ caughtBy }) => caughtBy))
    expect([...caught].toSorted()).toEqual(contractTitles(new SharedHarness()).toSorted())
  })

  it('accepts a store that has only get', async () => {
    expect(await contractFailures(() => new GetOnlyHarness())).toEqual([])
  })

  it('asks a store that has only get for nothing else', () => {
    const asksForMore = contractTitles(new GetOnlyHarness()).filter((title) =>
      /^(submit|stop|delete|list|close)\b|stopped|deleted/.test(title),
    )
    expect(asksForMore).toEqual([])
  })

  it('notices when a store offers more than its harness names', async () => {
    const createHarness = (): StoreHarness =>
      Object.assign(new GetOnlyHarness(), {
        create: async () => ({ get: async () => undefined, close: async () => {} }),
      })
    const title = 'the store offers the methods that the harness names, and no other'
    expect(await contractFailures(createHarness, [title])).toEqual([title])
  })

  it('waits in real time for a store whose clock it cannot turn', async () => {
    const titles = [
      'get answers with the running query when the wait is over, and not before',
      'every wait on a query ends with task_cancelled_exception when it expires',
    ]
    expect(contractTitles(realTimeHarness())).toEqual(expect.arrayContaining(titles))
    expect(await contractFailures(realTimeHarness, titles)).toEqual([])
  })

  it('refuses a harness for a store without submit that cannot seed queries', () => {
    const harness = Object.assign(new MemoryHarness(), { offers: ['stop', 'delete'] as const })
    expect(() => contractTitles(harness)).toThrow(
      new TypeError('A harness for a store without submit needs `seed`'),
    )
  })

  it('refuses a harness for a store with stop that does not name the rows that a stop keeps', () => {
    const { completes, fails } = new MemoryHarness().outcomes
    const harness = Object.assign(new MemoryHarness(), { outcomes: { completes, fails } })
    expect(() => contractTitles(harness)).toThrow(
      new TypeError('A harness for a store with stop needs `outcomes.stopped`'),
    )
  })

  it('refuses a harness with a large result that does not tell its rows', () => {
    const { completes, stopped, fails } = new MemoryHarness().outcomes
    const harness = Object.assign(new MemoryHarness(), { outcomes: { completes, stopped, fails } })
    expect(() => contractTitles(harness)).toThrow(
      new TypeError('A harness with the query `completesLarge` needs `outcomes.completesLarge`'),
    )
  })

  it('leaves out the group of large results for a harness without one', () => {
    const { completesLarge: _, ...queries } = new MemoryHarness().queries
    const titles = contractTitles(Object.assign(new MemoryHarness(), { queries }))
    expect(titles.filter((title) => title.includes('large result'))).toEqual([])
    expect(titles.length).toBeGreaterThan(100)
  })

  it('groups its tests under the name of the store, and leaves out a group without tests', () => {
    const groupsOf = (harness: StoreHarness): string[] => {
      const groups: string[] = []
      const runner: TestRunner = {
        describe(name, body) {
          groups.push(name)
          body()
        },
        it: () => {},
      }
      describeAsyncQueryStore('MyStore', harness, runner)
      return groups
    }
    const all = [
      'harness',
      'lifecycle',
      'waiting',
      'expiry',
      'ownership',
      'interruption',
      'concurrency',
      'listing',
      'idempotency',
    ]
    const results = ['snapshots', 'large results']
    const outcomes = ['failure', 'close']
    expect(groupsOf(new MemoryHarness())).toEqual(['MyStore', ...all, ...results, ...outcomes])
    const shared = ['replicas', 'restart']
    expect(groupsOf(new SharedHarness())).toEqual(['MyStore', ...all, ...results, ...shared, ...outcomes])
    expect(groupsOf(new GetOnlyHarness())).not.toContain('close')
  })

  it('gives each test a title of its own', () => {
    const titles = contractTitles(new SharedHarness())
    expect(new Set(titles).size).toBe(titles.length)
  })

  it('closes the store of each test', async () => {
    const harness = new MemoryHarness()
    for (const { body } of contractTests(harness)) await body()
    expect({ timers: harness.pendingTimers(), running: harness.countRunning() }).toEqual({
      timers: 0,
      running: 0,
    })
  })

  it('reports the error of a test, not that of the close after it', async () => {
    const harness = Object.assign(new MemoryHarness(), {
      create: async () => ({
        get: () => Promise.reject(new Error('found')),
        close: () => Promise.reject(new Error('not closed')),
      }),
    })
    const test = contractTests(harness).find(
      ({ title }) => title === 'get answers an unknown id with undefined',
    )
    await expect(test?.body()).rejects.toThrow('found')
  })

  it('takes describe and it of node:test', () => {
    const runnerOf = ({ describe, it }: typeof import('node:test')): TestRunner => ({ describe, it })
    expect(runnerOf).toBeInstanceOf(Function)
  })
})
