import { describeAsyncQueryStore } from 'express-esql-async-query/test-kit'
import { CONNECTIONS, ElasticsearchHarness } from '../../support/elasticsearch-harness'

describe.each(Object.entries(CONNECTIONS))('over %s', (_how, connect) => {
  const harness = new ElasticsearchHarness('9.5', connect)
  afterAll(() => harness.close())
  describeAsyncQueryStore('ElasticsearchStore in front of 9.5', harness, { describe, it })
})
