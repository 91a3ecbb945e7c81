import fc from 'fast-check'
import { HostileGateway } from '../../support/hostile/gateway'
import type { HostileRequest } from '../../support/hostile/requests'
import { hostileRequest, toBytes, withoutExpectation } from '../../support/hostile/requests'
import { PATIENCE_MS, runs, sameRuns } from '../../support/hostile/run-count'
import { judge, judgeAftermath, secretsOf } from '../../support/hostile/verdict'

/** Several requests on one connection, and the places that cut their bytes into packets. */
const pipeline = fc.record({
  requests: fc.array(hostileRequest, { minLength: 1, maxLength: 4 }),
  cuts: fc.array(fc.nat(6_000), { maxLength: 4 }),
})

describe('hostile requests', () => {
  let gateway: HostileGateway
  const statuses = new Map<string, number>()

  beforeAll(async () => {
    gateway = await new HostileGateway().start()
  })
  afterAll(() => gateway.close())

  const property = fc.asyncProperty(pipeline, async ({ requests, cuts }) => {
    const secrets = secretsOf(requests.flatMap(({ headers }) => headers.map(([, value]) => value)))
    const ids = await gateway.begin()
    const all = closing(requests).map((request) => toBytes(request, ids))
    const answers = await gateway.exchange({ pieces: cut(Buffer.concat(all), cuts) })

    expect(judge(gateway, answers, secrets)).toBe(0)
    const order = answers.map(({ headers }) => Number(headers['x-exchange']))
    expect(order).toEqual(answers.map((_, at) => at))
    if (answers.length < all.length) expect(answers.at(-1)?.headers.connection).toBe('close')
    for (const answer of answers) count(statuses, `${gateway.seenOf(answer)?.method} ${answer.status}`)
    await judgeAftermath(gateway, secrets)
  })

  it(
    'get answers in order, as api-spec.yaml says, and do no harm',
    () => fc.assert(property, runs(100)),
    PATIENCE_MS,
  )

  it(
    'do so too when many of them reach the store',
    async () => {
      statuses.clear()
      const before = { ...gateway.store.reached }
      await fc.assert(property, sameRuns(100))
      const sent = [...statuses.values()].reduce((sum, times) => sum + times)
      for (const [operation, times] of Object.entries(gateway.store.reached)) {
        const reached = times - before[operation as keyof typeof before]
        expect([operation, reached / sent > 0.02]).toEqual([operation, true])
      }
      for (const answer of ['POST 200', 'GET 200', 'HEAD 200', 'DELETE 200']) {
        expect([answer, (statuses.get(answer) ?? 0) / sent > 0.005]).toEqual([answer, true])
      }
    },
    PATIENCE_MS,
  )
})

/** Only the last request asks for the end of the connection: Node.js drops or refuses what follows such a request. */
function closing(requests: readonly HostileRequest[]): HostileRequest[] {
  const end = requests.findIndex(endsConnection)
  const [first, ...others] = end < 0 ? requests : requests.slice(0, end + 1)
  const sent = first ? [first, ...others.map(withoutExpectation)] : []
  return sent.map((request, at) => (at === sent.length - 1 ? { ...request, closes: true } : request))
}

function endsConnection({ closes, version, headers }: HostileRequest): boolean {
  return closes || version === '1.0' || headers.some(([name]) => name === 'Upgrade')
}

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.filter((place) => place < bytes.length).sort((one, other) => one - other)]
  return places.map((place, at) => bytes.subarray(place, places[at + 1]))
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}
