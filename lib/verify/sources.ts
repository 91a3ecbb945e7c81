const API = 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-esql-async-query'

/** What the checks refer to. A check adds the line: a parameter, a field, a heading, or a class of the server. */
export const PAGES = {
  submit: { title: 'Elasticsearch API: run an async ES|QL query', url: API },
  get: { title: 'Elasticsearch API: get async ES|QL query results', url: `${API}-get` },
  stop: { title: 'Elasticsearch API: stop async ES|QL query', url: `${API}-stop` },
  delete: { title: 'Elasticsearch API: delete an async ES|QL query', url: `${API}-delete` },
  query: {
    title: 'Elasticsearch API: run an ES|QL query',
    url: 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-esql-query',
  },
  list: {
    title: 'Elasticsearch API: get running ES|QL queries information',
    url: 'https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-esql-list-queries',
  },
  rest: {
    title: 'ES|QL reference: use the query API',
    url: 'https://www.elastic.co/docs/reference/query-languages/esql/esql-rest',
  },
  options: {
    title: 'Elasticsearch reference: common options',
    url: 'https://www.elastic.co/docs/reference/elasticsearch/rest-apis/common-options',
  },
  conventions: {
    title: 'Elasticsearch reference: API conventions',
    url: 'https://www.elastic.co/docs/reference/elasticsearch/rest-apis/api-conventions',
  },
  server: { title: 'source of Elasticsearch', url: 'https://github.com/elastic/elasticsearch' },
  client: { title: 'source of the official client', url: 'https://github.com/elastic/elastic-transport-js' },
  document: { title: 'api-spec.yaml', url: '../api-spec.yaml' },
} as const

export type PageName = keyof typeof PAGES
