import { contractFailures, contractTitles } from '../support/contract-failures'
import { CONNECTIONS, ElasticsearchHarness } from '../support/elasticsearch-harness'

describe('ElasticsearchStore in front of 8.19', () => {
  it.each(Object.entries(CONNECTIONS))(
    'keeps the contract over %s, except that expired queries end',
    async (_how, connect) => {
      const harnesses: ElasticsearchHarness[] = []
      const create = (): ElasticsearchHarness => {
        const harness = new ElasticsearchHarness('8.19', connect)
        harnesses.push(harness)
        return harness
      }
      // Many tests run at the same time. A thousand waits would hold up the others, and are no matter of the release.
      const titles = contractTitles(create()).filter((title) => !title.startsWith('a thousand waits'))
      const failures = await contractFailures(create, titles)
      await Promise.all(harnesses.map((harness) => harness.close()))
      expect(failures).toEqual([
        'a running query is interrupted when it expires',
        'delete takes an expired query for unknown',
        'every wait on a query ends with task_cancelled_exception when it expires',
      ])
    },
  )
})
