import { runSoak } from '../support/soak'

/** Longer than waits and keep-alives of the soak, on a busy machine too. */
jest.setTimeout(300_000)

const FAULTS = ['keeps a query while nobody reads its log', 'log throws']
const DEEDS = ['submit', 'poll', 'leaveReading', 'askForForeign', 'stallReading', 'pipeline', 'meetOutage']

describe('the soak in front of a cluster', () => {
  it('does every deed and meets every kind of fault in some seconds, and finds nothing', async () => {
    const { kinds } = await runSoak('cluster')
    expect(kinds.filter(([, done, failed]) => done === '0' || failed !== '0')).toEqual([])
    expect(kinds.map(([name]) => name)).toEqual(expect.arrayContaining([...DEEDS, ...FAULTS]))
  })
})
