import { Client, errors } from '@elastic/elasticsearch'
import { version } from '@elastic/elasticsearch/package.json'
import type { Double, DoubleOperation, Fault, FaultOptions } from 'express-esql-async-query/double'
import {
  badGateway,
  cut,
  expiredToken,
  lose,
  rateLimited,
  reset,
  slow,
  startDouble,
  unavailable,
} from 'express-esql-async-query/double'
import { markdownTable } from './documented'

const QUERY = 'FROM logs'
const TABLE = { columns: [{ name: 'host', type: 'keyword' as const }], values: [['a'], ['b']] }

/** More often than any client tries. */
const ALWAYS = 100

const FAULTS: readonly [title: string, make: (options: FaultOptions) => Fault][] = [
  ['reset: the connection is reset before the request is served', reset],
  ['lose: the request is served, and the connection ends in place of the answer', lose],
  ['cut: the request is served, and the body of the answer breaks off', (options) => cut(5, options)],
  ['unavailable: 503', unavailable],
  ['rateLimited: 429 with `Retry-After`', rateLimited],
  ['expiredToken: 401', expiredToken],
  ['badGateway: 502 with a page in HTML', badGateway],
  ['slow: the request is served, and the body of the answer comes slowly', (options) => slow(5_000, options)],
]

/** Faults that a request meets after it was served. */
const SERVED = ['lose', 'cut', 'slow']

/** Waits between two attempts would only take time: how many there are does not depend on them. */
const AT_ONCE = { retryBackoff: () => 0 }

interface Call {
  operation: DoubleOperation
  method: string
  send(client: Client, id: string): Promise<unknown>
}

const CALLS: readonly Call[] = [
  {
    operation: 'submit',
    method: 'esql.asyncQuery',
    send: ({ esql }) => esql.asyncQuery({ query: QUERY }, AT_ONCE),
  },
  {
    operation: 'get',
    method: 'esql.asyncQueryGet',
    send: ({ esql }, id) => esql.asyncQueryGet({ id }, AT_ONCE),
  },
  {
    operation: 'stop',
    method: 'esql.asyncQueryStop',
    send: ({ esql }, id) => esql.asyncQueryStop({ id }, AT_ONCE),
  },
  {
    operation: 'delete',
    method: 'esql.asyncQueryDelete',
    send: ({ esql }, id) => esql.asyncQueryDelete({ id }, AT_ONCE),
  },
  { operation: 'query', method: 'esql.query', send: ({ esql }) => esql.query({ query: QUERY }, AT_ONCE) },
  { operation: 'list', method: 'esql.listQueries', send: ({ esql }) => esql.listQueries({}, AT_ONCE) },
  { operation: 'info', method: 'info', send: (client) => client.info({}, AT_ONCE) },
]

/** The page about what the official client does: made of what the journal of a double says. */
export async function clientFaultsPage(): Promise<string> {
  const sections: string[] = []
  const double = await startDouble()
  try {
    for (const [title, make] of FAULTS) {
      const rows: string[][] = []
      for (const call of CALLS) {
        const once = await observe(double, call, make({ times: 1 }))
        const always = await observe(double, call, make({ times: ALWAYS }))
        rows.push([`\`${call.method}\``, ...once, ...always])
      }
      sections.push(`## ${title}\n\n${markdownTable([HEADER, ...rows])}`)
    }
  } finally {
    await double.close()
  }
  return `${INTRODUCTION}\n${sections.join('\n')}`
}

const HEADER = ['call', 'once: requests', 'the caller gets', 'always: requests', 'the caller gets']

const INTRODUCTION = `# What your client does under faults

What the official JavaScript client, \`@elastic/elasticsearch\` ${version} with its default options, does when a request meets a fault: once, or
each time. \`npm run client-faults\` makes this page of the journal of a double, and a spec compares it.
[Testing a client](contract-testing.md) shows how to ask the same of your client.

Some of it is easily overlooked. After a fault that comes late (\`lose\`, \`cut\`), the client sends a submit again although its query runs
already, so the query runs as often as the table says. An [\`Idempotency-Key\`](http-api.md#submitting-once) prevents that. A delete that is sent again
gets a 404, although it has worked. And a request that gets a 429 is not sent again, whatever its \`Retry-After\` says.
`

/** The number of requests, and what the caller gets. */
async function observe(double: Double, { operation, send }: Call, fault: Fault): Promise<string[]> {
  const client = new Client({ node: double.url, auth: { bearer: 'mine' } })
  try {
    double.on(QUERY).completes(TABLE)
    const { id = '' } = await client.esql.asyncQuery({ query: QUERY, keep_on_completion: true })
    const before = double.requests.length
    double.fault(operation, fault)
    const outcome = await send(client, id).then(() => 'the answer', describe)
    const made = double.requests.slice(before)
    const runs = made.filter(({ fault: met }) => met === undefined || SERVED.includes(met)).length
    const runsAgain = (operation === 'submit' || operation === 'query') && runs > 1
    return [String(made.length), `${outcome}${runsAgain ? `; the query has run ${runs} times` : ''}`]
  } finally {
    double.reset()
    await client.close()
  }
}

function describe(error: unknown): string {
  if (error instanceof errors.ResponseError) {
    const { type } = (error.body as { error?: { type?: string } })?.error ?? {}
    return `\`ResponseError\` ${error.statusCode}${type === undefined ? '' : `, ${type}`}`
  }
  return `\`${(error as Error).name}\``
}
