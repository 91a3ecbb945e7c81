import { describeAsyncQueryStore } from 'express-esql-async-query/test-kit'
import { CONNECTIONS, ElasticsearchHarness } from '../../support/elasticsearch-harness'

describe.each(Object.entries(CONNECTIONS))('over %s', (_how, connect) => {
  // A thousand waits are a thousand connections, with both ends in this process.
  const harness = Object.assign(new ElasticsearchHarness('9.5', connect), { patienceMs: 60_000 })
  afterAll(() => harness.close())
  describeAsyncQueryStore('ElasticsearchStore in front of 9.5', harness, { describe, it })
})
