import { sentParams } from '../../catalogue/matching'
import { QueryError } from '../../core/errors'
import { messageOf } from '../../core/message-of'
import type { FaultOptions } from '../faults/fault'
import type { JournalEntry, JournalFilter } from '../journal-entry'
import type { RunningDouble } from '../queries/running-double'
import { StandingClock } from '../standing-clock'
import * as answers from './answers'
import type { FilterFields } from './bodies'
import * as bodies from './bodies'
import { faultOf } from './faults'
import { awaited, judged } from './judged'
import { readOutcome, readScript, readTable } from './read-script'
import type { Call, Reply } from './route'
import { route } from './route'
import { withinTime } from './timeout'
import { tokensOf } from './tokens'

const DONE: Reply = { acknowledged: true }

/** Every request of the control. */
export const ROUTES = [
  route({
    method: 'GET',
    path: '',
    about: 'Where the double is, and tokens for clients.',
    answer: answers.INFO,
    act: ({ url, double, session }) => ({
      url,
      control: `${url}/__double`,
      clock: clockOf(double),
      release: double.release,
      session,
      tokens: tokensOf(session === 'default' ? undefined : session),
    }),
  }),
  route({
    method: 'POST',
    path: '/queries',
    about: 'Announces a query and what becomes of it. Of several that fit, the last one is taken.',
    body: bodies.SCRIPT,
    answer: answers.ACKNOWLEDGED,
    act({ double, body }) {
      double.announce(judged(() => readScript(body)))
      return DONE
    },
  }),
  route({
    method: 'GET',
    path: '/clock',
    about: 'The time of the double.',
    answer: answers.TIME,
    act: ({ double }) => timeOf(double),
  }),
  route({
    method: 'POST',
    path: '/clock',
    about: 'Lets time pass, if the clock stands still.',
    body: bodies.ADVANCE,
    answer: answers.TIME,
    async act({ double, body: { advance = 0 } }) {
      judged(() => double.standing())
      await double.advance(advance)
      return timeOf(double)
    },
  }),
  route({
    method: 'POST',
    path: '/faults',
    about: 'Plans a fault for the next requests of an operation.',
    body: bodies.FAULT,
    answer: answers.ACKNOWLEDGED,
    act({ double, body: { operation = 'get', fault = 'reset', times, of, share, seed, ...given } }) {
      const options: FaultOptions = {
        ...(times !== undefined && { times }),
        ...(share !== undefined && { share }),
        ...(seed !== undefined && { seed }),
        ...(of && { of: filterOf(of) }),
      }
      judged(() => double.fault(operation, faultOf(fault, given, options)))
      return DONE
    },
  }),
  route({
    method: 'GET',
    path: '/requests',
    about: 'The journal: every request since the start or the last reset, or those that are like this.',
    parameters: bodies.JOURNAL_PARAMETERS,
    answer: answers.REQUESTS,
    act: ({ double, body }) => ({ requests: double.requestsFor(filterOf(body)).map(showEntry) }),
  }),
  route({
    method: 'GET',
    path: '/unmatched',
    about: 'The queries that nobody has announced, with what the client was told.',
    answer: answers.UNMATCHED,
    act: ({ double }) => ({
      queries: double.unknown.map(({ query, params, reason }) => ({
        query,
        params: sentParams(params),
        reason,
      })),
    }),
  }),
  route({
    method: 'GET',
    path: '/waiting',
    about:
      'How many requests wait, and how many are open. With `requests`, answers when exactly so many wait and every other one is answered.',
    parameters: bodies.WAITING_PARAMETERS,
    answer: answers.WAITING,
    async act({ double, gone, body: { requests, timeout } }) {
      if (requests !== undefined) {
        await withinTime(
          { timeout, gone },
          (signal) => awaited(double.waiting(requests, signal)),
          () => {
            const { open, waiting } = double.counts
            return `of ${open} open requests ${waiting} wait, and not ${requests}`
          },
        )
      }
      return double.counts
    },
  }),
  route({
    method: 'GET',
    path: '/running',
    about: 'The queries that run.',
    answer: answers.RUNNING,
    act: ({ double }) => ({
      queries: double.runningNow.map(({ text, params, id, owner, waits }) => ({
        query: text,
        params: sentParams(params),
        id,
        owner,
        waits,
      })),
    }),
  }),
  route({
    method: 'POST',
    path: '/running/report',
    about: 'Sets the rows that a stop of the query keeps.',
    body: bodies.REPORT,
    answer: answers.ACKNOWLEDGED,
    act: byHand((query, { values = [], columns }) => query.report(readTable(values, columns))),
  }),
  route({
    method: 'POST',
    path: '/running/complete',
    about: 'Completes the query.',
    body: bodies.COMPLETE,
    answer: answers.ACKNOWLEDGED,
    act: byHand((query, { response }) => {
      const outcome = response && readOutcome(response)
      if (outcome instanceof Error) query.fail(outcome)
      else query.complete(outcome)
    }),
  }),
  route({
    method: 'POST',
    path: '/running/fail',
    about: 'Fails the query.',
    body: bodies.FAIL,
    answer: answers.ACKNOWLEDGED,
    act: byHand((query, { response = {} }) => {
      const outcome = readOutcome(response)
      if (!(outcome instanceof Error)) throw new TypeError('the body.response must have `error`')
      query.fail(outcome)
    }),
  }),
  route({
    method: 'POST',
    path: '/running/expire',
    about: 'Lets the query and its result expire: requests that wait get a 400, later ones a 404.',
    body: bodies.RUNNING,
    answer: answers.ACKNOWLEDGED,
    act: byHand((query) => query.expire()),
  }),
  route({
    method: 'POST',
    path: '/running/lose',
    about: 'Loses the query with its node: requests that wait get a 500, later ones a 404.',
    body: bodies.RUNNING,
    answer: answers.ACKNOWLEDGED,
    act: byHand((query) => query.lose()),
  }),
  route({
    method: 'POST',
    path: '/assert',
    about: 'Answers 409 with a list of what is left over, and resets the double then.',
    answer: answers.ACKNOWLEDGED,
    act({ double }) {
      const left = leftOver(double)
      if (left !== undefined) throw new QueryError('illegal_state_exception', left, { status: 409 })
      return DONE
    },
  }),
  route({
    method: 'POST',
    path: '/reset',
    about: 'Forgets scripts, faults, journal and queries. The clock goes on from its time.',
    answer: answers.ACKNOWLEDGED,
    act({ double }) {
      double.reset()
      return DONE
    },
  }),
  route({
    method: 'GET',
    path: '/sessions',
    about: 'The sessions that have begun.',
    answer: answers.SESSIONS,
    act: ({ sessions }) => ({ sessions: sessions.names }),
  }),
  route({
    method: 'POST',
    path: '/sessions',
    about: 'Begins a session and says who is of it. Returns tokens whose requests are of it.',
    body: bodies.SESSION,
    answer: answers.SESSION,
    act: ({ sessions, body: { session = '', users = [] } }) => ({
      session,
      tokens: sessions.begin(session, users),
    }),
  }),
  route({
    method: 'DELETE',
    path: '/sessions/{name}',
    about: 'Ends a session.',
    answer: answers.ACKNOWLEDGED,
    async act({ sessions, name }) {
      await sessions.end(name)
      return DONE
    },
  }),
]

/** Does something to a query, once it runs. */
function byHand<Body extends { query?: string; timeout?: string }>(
  act: (query: RunningDouble, body: Body) => void | Promise<void>,
) {
  return async ({ double, gone, body }: Call<Body>): Promise<Reply> => {
    const { query: text = '', timeout } = body
    const running = await withinTime(
      { timeout, gone },
      (signal) => awaited(judged(() => double.running(text, signal))),
      () => `no query runs under this text: ${text}`,
    )
    await judged(() => act(running, body))
    return DONE
  }
}

type DoubleOfCall = Call<unknown>['double']

/** What `assertDone` complains about. */
function leftOver(double: DoubleOfCall): string | undefined {
  try {
    double.assertDone()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

function clockOf({ clock }: DoubleOfCall): 'manual' | 'real' {
  return clock instanceof StandingClock ? 'manual' : 'real'
}

function timeOf(double: DoubleOfCall): Reply {
  return { clock: clockOf(double), time_in_millis: double.clock.now() }
}

function filterOf({ headers, ...others }: FilterFields): JournalFilter {
  const texts = Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)])
  return { ...others, ...(headers && { headers: Object.fromEntries(texts) }) }
}

function showEntry({ waitMs, ...entry }: JournalEntry): Reply {
  return { ...entry, wait_in_millis: waitMs }
}
