import { ROUTER_OPTIONS } from '../../lib/router/options'
import { ELASTICSEARCH_STORE_OPTIONS } from '../../lib/stores/elasticsearch/options'
import { pageOf, tablesOf } from '../support/documented'

const PAGE = pageOf('docs/scale.md')
const USERS = [1_000, 100_000, 10_000_000]
/** Waits take five eighths of the connections. */
const MOST_UPSTREAM_WAITS = (ELASTICSEARCH_STORE_OPTIONS.maxConnections.default * 5) / 8

/** The numbers of a table by the words of their rows. */
function numbersOf(head: string): (words: string) => number {
  const [rows = []] = tablesOf(PAGE, head)
  return (words) => {
    const found = rows.filter(([name]) => name === words)
    expect([words, found.length]).toEqual([words, 1])
    return Number.parseFloat(found[0]?.[1] ?? '')
  }
}

/** The rows that follow from the costs, for a number of users. */
function planOf(users: number): Record<string, string> {
  const cost = numbersOf('cost')
  const choice = numbersOf('choice')
  const polls = (users * choice('polls of a user in a minute')) / 60
  const share = choice('share of a core that a process may use, so that peaks fit in') / 100
  const fewest = choice('fewest gateways, so that one may end')
  const cores = (words: string): number => (polls * cost(words)) / 1e6
  const gateways = (words: string): number => Math.max(fewest, Math.ceil(cores(words) / share))
  const memoryOf = (processes: number): number =>
    (processes * cost('memory of a process without requests')) / 1024 +
    (users * cost('memory of a request that waits, its connection included')) / 2 ** 20
  const elasticsearch = gateways('CPU of a poll that passes through `ElasticsearchStore`')
  const atOnce = gateways('CPU of a poll of `PostgresStore` that is answered at once')
  const waiting = gateways('CPU of a poll of `PostgresStore` that waits, and whose query runs on')
  const perProcess = cost('connections of a process to PostgreSQL, for any number of waits')
  const answerSeconds = choice('time in which the cluster answers a poll that does not wait') / 1_000
  const upstreamWaits = users * cost('connections to the cluster of a poll that waits')
  return {
    'polls per second': count(polls),
    '**`ElasticsearchStore`**, polls answered at once: gateways': count(elasticsearch),
    'their memory': gib(memoryOf(elasticsearch) - memoryOf(0)),
    'connections to the cluster': count(Math.ceil(polls * answerSeconds)),
    '**`ElasticsearchStore`**, polls that wait: connections to the cluster': count(upstreamWaits),
    'gateways, with the default of `maxConnections`': count(
      Math.max(fewest, Math.ceil(upstreamWaits / MOST_UPSTREAM_WAITS)),
    ),
    '**`PostgresStore`**, polls answered at once: gateways': count(atOnce),
    'connections to PostgreSQL': count(atOnce * perProcess),
    'cores of PostgreSQL': tenths(cores('CPU of PostgreSQL for it: one statement')),
    '**`PostgresStore`**, polls that wait: gateways': count(waiting),
    'waits of each gateway': count(Math.ceil(users / waiting)),
    'memory of each gateway': gib(memoryOf(waiting) / waiting),
    'connections of all to PostgreSQL': count(waiting * perProcess),
    'cores of PostgreSQL for them': tenths(cores('CPU of PostgreSQL for it: two statements')),
  }
}

const count = (value: number): string => Math.round(value).toLocaleString('en')
const tenths = (value: number): string =>
  value.toLocaleString('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const gib = (value: number): string => `${tenths(value)} GiB`

describe('docs/scale.md', () => {
  it('computes its plan from the measured costs', () => {
    const [rows = []] = tablesOf(PAGE, 'for so many users')
    const plans = USERS.map(planOf)
    const computed = Object.keys(plans[0] ?? {}).map((words) => [words, ...plans.map((plan) => plan[words])])
    expect(rows).toEqual(computed)
    const head = USERS.map((users) => `${users.toLocaleString('en')} *`).join('\\| ')
    expect(PAGE).toMatch(new RegExp(`^\\| for so many users +\\| ${head}\\|$`, 'm'))
  })

  it('says how many polls a process of MemoryStore serves', () => {
    const share = numbersOf('choice')('share of a core that a process may use, so that peaks fit in') / 100
    const polls = (share * 1e6) / numbersOf('cost')('CPU of a poll of `MemoryStore`')
    const about = (Math.floor(polls / 100) * 100).toLocaleString('en')
    expect(PAGE).toContain(`about ${about} polls per second at half of a core`)
  })

  it('names the limits as the code has them', () => {
    expect(PAGE).toContain(`lets ${MOST_UPSTREAM_WAITS} polls wait`)
    const maxWaits = ROUTER_OPTIONS.maxWaits.default.toLocaleString('en')
    expect(PAGE).toContain(`\`maxWaits\` if that is more than ${maxWaits}`)
  })
})
