import { valuesLike } from '../support/found-rows'
import { alice, failure, get, startStore, submit } from '../support/sample-queries'

describe('queries that take their time', () => {
  it.each([
    ['FROM slow', 3_000],
    ['FROM slower', 60_000],
  ])('%s completes after %d ms', async (query, delayMs) => {
    const { store, clock } = startStore()
    const id = await submit(store, query)
    await clock.advance(delayMs - 1)
    expect(await get(store, id)).toMatchObject({ isRunning: true })
    await clock.advance(1)
    expect(await get(store, id)).toMatchObject({
      isRunning: false,
      isPartial: false,
      result: {
        values: valuesLike([
          ['web-1', 120_340, '2026-03-01T08:15:30.000Z'],
          ['web-2', 98_211, '2026-03-01T08:15:29.500Z'],
          ['web-3', 7, '2026-02-27T23:59:59.999Z'],
        ]),
      },
    })
  })

  it.each([
    ['FROM slow', ['web-1']],
    ['FROM slower', ['web-1', 'web-2']],
  ])('%s keeps the rows of %j when it is stopped', async (query, hosts) => {
    const { store } = startStore()
    const stopped = await store.stop(await submit(store, query), alice)
    expect(stopped).toMatchObject({
      isPartial: true,
      result: { values: valuesLike(hosts.map((host) => [host, expect.any(Number), expect.any(String)])) },
    })
  })

  it('leave no timer behind when they are deleted', async () => {
    const { store, clock } = startStore()
    const id = await submit(store, 'FROM slow')
    await clock.advance(500)
    await store.delete(id, alice)
    expect(clock.pendingTimers).toBe(0)
  })
})

describe('queries that fail', () => {
  it('FROM missing fails at once', async () => {
    expect(await failure('FROM missing')).toEqual(['verification_exception', 'Unknown index [missing]'])
  })

  it('FROM failing runs for two seconds before it does', async () => {
    const { store, clock } = startStore()
    const id = await submit(store, 'FROM failing')
    await clock.advance(1_999)
    expect(await get(store, id)).toMatchObject({ isRunning: true })
    await clock.advance(1)
    await expect(get(store, id)).rejects.toMatchObject({
      type: 'circuit_breaking_exception',
      status: 429,
      metadata: { bytes_wanted: 2_147_483_648, bytes_limit: 1_073_741_824, durability: 'TRANSIENT' },
    })
  })

  it('an unknown query fails with the closest known one', async () => {
    expect(await failure('FROM bocks')).toEqual([
      'verification_exception',
      'the sample engine plays recordings, and does not know this query; the closest of 11 is\n  known: FROM books\n  asked: FROM bocks',
    ])
  })

  it.each(['FROM books | WHERE 1', 'FROM bookshelf', 'FROM many | LIMIT x', 'ROW x = 1'])(
    '`%s` is unknown',
    async (query) => {
      expect(await failure(query)).toEqual([
        'verification_exception',
        expect.stringContaining('does not know'),
      ])
    },
  )
})
