import { completedJson } from '../../support/engine'
import { foundRows } from '../../support/found-rows'
import { type Gateway, startGateway } from '../../support/gateway'
import { AT_ONCE, alice, FOREVER, MemoryBench, refusal, rows } from '../../support/store-bench'
import { until } from '../../support/until'

const CANCELLED = {
  type: 'task_cancelled_exception',
  status: 400,
  reason: 'task cancelled [it has run for [5000ms], the limit of this server]',
  metadata: {},
}

describe('a query that has run for maxRunMs', () => {
  let bench: MemoryBench

  const start = (onMaxRun?: 'stop' | 'fail') => {
    bench = new MemoryBench({ maxRunMs: 5_000, interruptGraceMs: 200, ...(onMaxRun && { onMaxRun }) })
    return bench.start()
  }

  afterEach(async () => {
    const closed = bench.store.close()
    await bench.clock.advance(200)
    await closed
  })

  it('ends with the rows that it has reported, as after a stop', async () => {
    const id = await start()
    bench.run.report(rows('a'))
    const waiting = bench.get(id, FOREVER)
    await bench.clock.advance(4_999)
    expect(bench.run.signal.aborted).toBe(false)
    bench.obeySignal()
    await bench.clock.advance(1)
    expect(await waiting).toMatchObject({
      isRunning: false,
      isPartial: true,
      tookNanos: 5e9,
      result: foundRows('a'),
    })
    expect(bench.run.signal.reason).toMatchObject({ reason: CANCELLED.reason })
  })

  it('may still end by itself within the grace period', async () => {
    const id = await start('stop')
    await bench.clock.advance(5_100)
    bench.run.complete(rows('late'))
    await bench.clock.advance(0)
    expect(await bench.get(id)).toMatchObject({ isPartial: true, result: foundRows('late') })
  })

  it('ends without rows after the grace period, if it ignores its signal and has reported nothing', async () => {
    const id = await start()
    await bench.clock.advance(5_199)
    expect(await bench.get(id)).toMatchObject({ isRunning: true })
    await bench.clock.advance(1)
    expect(await bench.get(id)).toMatchObject({ isPartial: true, result: { columns: [], values: [] } })
  })

  it('fails at once with onMaxRun `fail`, for whoever waits and for whoever comes later', async () => {
    const id = await start('fail')
    bench.run.report(rows('a'))
    const waiting = refusal(bench.get(id, FOREVER))
    await bench.clock.advance(5_000)
    expect(await waiting).toEqual(CANCELLED)
    expect(bench.run.signal.reason).toMatchObject({ reason: CANCELLED.reason })
    bench.run.complete(rows('late'))
    expect(await refusal(bench.get(id))).toEqual(CANCELLED)
  })

  it('fails the submit that waits for it, which leaves nothing', async () => {
    bench = new MemoryBench({ maxRunMs: 5_000, onMaxRun: 'fail' })
    const submitted = refusal(bench.submit({ ...FOREVER, keepAliveMs: 60_000 }))
    bench.obeySignal()
    await bench.clock.advance(5_000)
    expect(await submitted).toEqual(CANCELLED)
    expect(bench.clock.pendingTimers).toBe(0)
  })

  it('counts from the submit, and no get moves that', async () => {
    const id = await start()
    await bench.clock.advance(4_000)
    await bench.get(id, { ...AT_ONCE, keepAliveMs: 900_000 })
    await bench.clock.advance(1_200)
    expect(await bench.get(id)).toMatchObject({ isRunning: false, isPartial: true })
  })

  it.each(['stop', 'fail'] as const)(
    'is none when it ends before: with `%s` no timer is left',
    async (onMaxRun) => {
      bench = new MemoryBench({ maxRunMs: 5_000, onMaxRun })
      const outcomes = [
        () => bench.run.complete(rows('a')),
        () => bench.run.fail(new Error('broken')),
        () => bench.store.stop(id, alice),
      ]
      let id = ''
      for (const end of outcomes) {
        id = await bench.start()
        bench.obeySignal()
        const { run } = bench
        await end()
        await bench.clock.advance(5_000)
        expect(run.signal.aborted).toBe(end === outcomes[2])
        await bench.delete(id)
      }
      expect(bench.clock.pendingTimers).toBe(0)
    },
  )

  it('leaves no timer when it is deleted, though it ignores its signal', async () => {
    const id = await start()
    const deleted = bench.delete(id)
    await bench.clock.advance(200)
    await deleted
    expect(bench.clock.pendingTimers).toBe(0)
  })
})

describe('a synchronous query that has run for maxRunMs', () => {
  let gateway: Gateway

  afterEach(() => gateway.close())

  async function answerWith(onMaxRun: 'stop' | 'fail') {
    gateway = await startGateway({ memory: { maxRunMs: 5_000, onMaxRun } })
    const answer = gateway.alice('POST /_query', { body: { query: 'RUN' } })
    await until(() => gateway.engine.runs.length === 1)
    gateway.engine.run.report({ columns: [{ name: 'n', type: 'long' }], values: [[1]] })
    await gateway.clock.advance(5_000)
    return answer
  }

  it('answers with its rows, and is partial', async () => {
    const { status, text } = await answerWith('stop')
    const table = '"columns":[{"name":"n","type":"long"}],"values":[[1]]}'
    const expected = completedJson({ tookMs: 5_000, isPartial: true, table })
    expect([status, text]).toEqual([200, expected.replace('"is_running":false,', '')])
    expect(gateway.clock.pendingTimers).toBe(0)
  })

  it('answers with the error', async () => {
    const { status, json } = await answerWith('fail')
    const { type, reason } = CANCELLED
    expect([status, json]).toMatchObject([400, { error: { type, reason } }])
    expect(gateway.clock.pendingTimers).toBe(0)
  })
})
