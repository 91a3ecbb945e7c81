import fc from 'fast-check'
import type { RawAnswer } from '../../support/hostile/answers'
import { HostileGateway } from '../../support/hostile/gateway'
import { PATIENCE_MS, runs } from '../../support/hostile/run-count'
import { longToken, refusedToken, strangeToken } from '../../support/hostile/tokens'
import { judge, judgeAftermath, secretsOf } from '../../support/hostile/verdict'
import { token } from '../../support/tokens'

/** Characters of the longest token that is checked. */
const MAX_TOKEN_LENGTH = 12_288

describe('a token', () => {
  let gateway: HostileGateway

  beforeAll(async () => {
    // The limit of Node.js would refuse the longest tokens before the router reads them.
    gateway = await new HostileGateway({ maxHeaderSize: 65_536 }).start()
  })
  afterAll(() => gateway.close())

  /** The verdict on the answer to a caller with this token who asks for a result of alice. */
  async function get(bearer: string): Promise<RawAnswer> {
    const { finished } = await gateway.begin()
    const credentials = `Authorization: Bearer ${bearer}`
    const answer = await gateway.ask(`GET /_query/async/${finished}`, [credentials])
    const secrets = secretsOf([credentials])
    expect(judge(gateway, [answer], secrets)).toBe(0)
    await judgeAftermath(gateway, secrets)
    return answer
  }

  it(
    'that anybody can make gets the usual 401, byte for byte, and reaches no store',
    async () => {
      const expected = withoutDate(await get('nobody'))
      expect(expected.head).toMatch(/^HTTP\/1\.1 401 /)
      const reached = { ...gateway.store.reached }
      await fc.assert(
        fc.asyncProperty(refusedToken, async (bearer) => {
          expect(withoutDate(await get(bearer))).toEqual(expected)
        }),
        runs(120),
      )
      expect(gateway.store.reached).toEqual(reached)
    },
    PATIENCE_MS,
  )

  it(
    'of the issuer is accepted if its checked parts are valid, whatever else it contains',
    async () => {
      const expected = await get(token())
      await fc.assert(
        fc.asyncProperty(strangeToken, async (bearer) => {
          const { status, body } = await get(bearer)
          expect([status, withoutId(body)]).toEqual([200, withoutId(expected.body)])
        }),
        runs(40),
      )
    },
    PATIENCE_MS,
  )

  it(
    'is checked up to the maximum length',
    async () => {
      const nearTheLimit = fc.integer({ min: MAX_TOKEN_LENGTH - 1_024, max: MAX_TOKEN_LENGTH + 1_024 })
      await fc.assert(
        fc.asyncProperty(nearTheLimit, async (length) => {
          const bearer = longToken(length)
          const { status } = await get(bearer)
          expect([bearer.length, status]).toEqual([
            bearer.length,
            bearer.length > MAX_TOKEN_LENGTH ? 401 : 200,
          ])
        }),
        runs(20),
      )
    },
    PATIENCE_MS,
  )
})

function withoutDate({ head, body }: RawAnswer): { head: string; body: string } {
  return { head: head.replace(/^(Date|X-Exchange): .*\r\n/gim, ''), body: body.toString() }
}

function withoutId(body: Buffer): string {
  return body.toString().replace(/"id":"[^"]*"/, '')
}
