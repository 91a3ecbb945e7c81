import type { CatalogueEntry } from '../../lib/catalogue/entry'
import { play } from '../../lib/catalogue/play'
import { parseCatalogue } from '../../lib/catalogue/read-catalogue'
import type { QueryResult } from '../../lib/core/result'
import { ManualClock } from '../../lib/test-kit/manual-clock'

const columns = [{ name: 'n', type: 'long' }]
const rows = (n: number) => ({ columns, values: [[n]] })

function entryOf(fields: object): CatalogueEntry {
  const [entry] = parseCatalogue(JSON.stringify({ version: 2, queries: [{ query: 'FROM a', ...fields }] }))
  if (!entry) throw new Error('no entry')
  return entry
}

function stage() {
  const reports: QueryResult[] = []
  const controller = new AbortController()
  const clock = new ManualClock()
  const report = (result: QueryResult): void => void reports.push(result)
  return { reports, controller, signal: controller.signal, clock, report }
}

describe('an entry that is played', () => {
  it('reports its partial rows and warnings at once, and ends after its delay', async () => {
    const { reports, clock, ...rest } = stage()
    const entry = entryOf({ delay: '2s', partial_values: [[0]], warnings: ['w'], response: rows(1) })
    const playing = play(entry, 0, { ...rest, clock })
    expect(reports).toEqual([{ ...rows(0), warnings: ['w'] }])
    await clock.advance(1_999)
    expect(clock.pendingTimers).toBe(1)
    await clock.advance(1)
    expect(await playing).toEqual({ ...rows(1), warnings: ['w'] })
  })

  it('gives the response of its time, and then the last one', async () => {
    const entry = entryOf({ responses: [rows(1), rows(2)] })
    const results = await Promise.all([0, 1, 2].map((times) => play(entry, times, stage())))
    expect(results).toEqual([rows(1), rows(2), rows(2)])
  })

  it('throws the error of a response, and reports nothing', async () => {
    const entry = entryOf({ response: { error: { type: 'parsing_exception', reason: 'no' } } })
    const { reports, ...rest } = stage()
    await expect(play(entry, 0, rest)).rejects.toMatchObject({ type: 'parsing_exception', reason: 'no' })
    expect(reports).toEqual([])
  })

  it.each(['before it begins', 'while it waits'])(
    'ends without a timer when it is stopped %s',
    async (when) => {
      const { controller, clock, ...rest } = stage()
      const entry = entryOf({ delay: '2s', response: rows(1) })
      if (when === 'before it begins') controller.abort(new Error('stopped'))
      const playing = play(entry, 0, { ...rest, clock })
      controller.abort(new Error('stopped'))
      await expect(playing).rejects.toThrow('stopped')
      expect(clock.pendingTimers).toBe(0)
    },
  )
})
