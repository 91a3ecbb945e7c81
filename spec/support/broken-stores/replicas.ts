import { QueryError } from '../../../lib/core/errors'
import type { Rows } from '../../../lib/core/result'
import { isRows } from '../../../lib/core/result'
import type { AsyncQuery } from '../../../lib/core/store'
import { alice } from '../../../lib/test-kit/subject'
import type { BrokenStore, Flaw, FullStore } from './broken-store'
import { AT_ONCE, never } from './broken-store'

const READ = 'the other store answers about running, finished and failed queries as the first one'
const LARGE = 'a large result comes whole from the other store'
const EXPIRY = 'a get in the other store moves the expiry for both'
const LIST = 'the other store lists running queries'
const KEY = 'submits at the same time in both stores with one key start one query'
const THOUSAND = 'a thousand waits in the other store end when the query completes'
const FAILS = 'a wait in the other store ends with the error when the query fails'
const TIME = 'a wait in the other store ends at its own time'
const DELETED = 'a wait in the other store ends with task_cancelled_exception when the query is deleted'
const STOP = 'a stop in the other store ends the query and keeps its rows'
const DELETE = 'a delete in the other store ends the query, and answers true once'
const ANY_OWNER = 'a caller who may delete the queries of others may in the other store too'
const STRANGER = 'a stranger finds, stops and deletes nothing in the other store'
const TOUCH = 'a stranger moves no expiry in the other store'

const LOST = new QueryError('node_disconnected_exception', 'gone')

const NO_FLAW: BrokenStore['breaks'] = () => ({})

function inReplica(
  flaw: string,
  breaksReplica: (good: FullStore) => Flaw,
  ...caughtBy: string[]
): BrokenStore {
  return { flaw, breaks: NO_FLAW, breaksReplica, caughtBy }
}

function inRestart(
  flaw: string,
  breaksRestart: (good: FullStore) => Flaw,
  ...caughtBy: string[]
): BrokenStore {
  return { flaw, breaks: NO_FLAW, breaksRestart, caughtBy }
}

/** A flaw in what becomes of a get. */
function inGet(change: (call: () => Promise<AsyncQuery | undefined>) => Promise<AsyncQuery | undefined>) {
  return (good: FullStore): Flaw => ({
    get: (id, owner, options) => change(() => good.get(id, owner, options)),
  })
}

/** The first batches of a large result, as if they were all. */
async function short(call: () => Promise<AsyncQuery | undefined>): Promise<AsyncQuery | undefined> {
  const query = await call()
  if (!query || query.isRunning || isRows(query.result.values)) return query
  const { values } = query.result
  const batches = (): Iterable<Rows | Promise<Rows>> => [...values.batches()].slice(0, 1)
  return { ...query, result: { ...query.result, values: { rowCount: values.rowCount, batches } } }
}

/** Takes everybody for the owner. */
const careless = (good: FullStore): Flaw => ({ get: (id, _, options) => good.get(id, alice, options) })

/** Never tells the end of a query that runs. */
const deaf = (good: FullStore): Flaw => ({
  async get(id, owner, options) {
    const query = await good.get(id, owner, { ...options, ...AT_ONCE })
    return query?.isRunning && options.waitForCompletionTimeoutMs > 0 ? never() : query
  },
})

const forgetful = (good: FullStore): Flaw => ({
  submit: (request, owner, { idempotency: _, ...options }) => good.submit(request, owner, options),
})

export const brokenReplicas: readonly BrokenStore[] = [
  inReplica(
    'shows only queries of its own process',
    inGet(async () => undefined),
    READ,
  ),
  inReplica('sends a short body where a part of a result is missing', inGet(short), LARGE),
  inReplica(
    'moves an expiry only for its own process',
    (good) => ({ get: (id, owner, { keepAliveMs: _, ...options }) => good.get(id, owner, options) }),
    EXPIRY,
  ),
  inReplica('lists only queries of its own process', () => ({ list: async () => [] }), LIST),
  inReplica('runs a submit twice that comes again in another process', forgetful, KEY),
  inReplica('wakes only waits of its own process', deaf, THOUSAND, FAILS, TIME, DELETED),
  inReplica('stops only queries of its own process', () => ({ stop: async () => undefined }), STOP),
  inReplica('deletes only what its own process has', () => ({ delete: async () => true }), DELETE),
  inReplica(
    'lets nobody delete the queries of others in another process',
    (good) => ({ delete: (id, owner) => good.delete(id, owner) }),
    ANY_OWNER,
  ),
  inReplica('forgets in another process whose query it is', careless, STRANGER),
  inReplica(
    'checks the owner after it has moved the expiry',
    (good) => ({
      async get(id, owner, options) {
        await good.get(id, alice, { ...options, ...AT_ONCE })
        return good.get(id, owner, options)
      },
    }),
    TOUCH,
  ),
]

const RUNNING = 'a running query ends after a restart: it completes, or fails with a status from 500 on'

export const brokenRestarts: readonly BrokenStore[] = [
  inRestart(
    'loses finished results in a restart',
    inGet(async () => undefined),
    'a finished query survives a restart, with every cell',
  ),
  inRestart(
    'loses failures in a restart',
    inGet((call) => call().catch(() => undefined)),
    'a failed query survives a restart',
  ),
  inRestart(
    'loses a part of a result in a restart',
    inGet(short),
    'a large result survives a restart as a whole',
  ),
  inRestart(
    'keeps results longer that have survived a restart',
    (good) => ({
      get: (id, owner, options) => good.get(id, owner, { ...options, keepAliveMs: 1_000_000 }),
    }),
    'a restart moves no expiry',
  ),
  inRestart('forgets whose a query was', careless, 'a stranger stays a stranger after a restart'),
  inRestart(
    'finds deleted queries again after a restart',
    inGet(async (call) => {
      const result = { columns: [], values: [] }
      return (await call()) ?? { isRunning: false, isPartial: false, result }
    }),
    'a deleted query stays deleted after a restart',
  ),
  inRestart('forgets keys in a restart', forgetful, 'a key is known after a restart'),
  inRestart('leaves queries running that nobody runs', deaf, RUNNING),
  inRestart(
    'forgets the fence: a process that was lost writes when it is back',
    (good) => {
      let isLost = false
      return {
        get(id, owner, options) {
          const isFirst = !isLost
          isLost = true
          return isFirst ? Promise.reject(LOST) : good.get(id, owner, options)
        },
      }
    },
    RUNNING,
  ),
]
