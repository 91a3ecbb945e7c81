/** One request of the tour, and what it shows. */
export interface Step {
  says: string
  as: 'alice' | 'mallory'
  method: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** `$ID` stands for the id of the last query that was submitted. */
  path: string
  body?: object
  expects: {
    status: number
    /** What the headers and the body have. */
    shows: RegExp
  }
}

const RUNNING = /"is_running":true/
const UNKNOWN = /"type":"resource_not_found_exception"/
const BOOKS = /Frank Herbert/

export const STEPS: readonly Step[] = [
  {
    says: 'Alice submits a query that takes three seconds, and does not wait for it. It is running, and has an id.',
    ...{ as: 'alice', method: 'POST', path: '/_query/async' },
    body: { query: 'FROM slow', wait_for_completion_timeout: '0s' },
    expects: { status: 200, shows: RUNNING },
  },
  {
    says: 'She polls: a get with a timeout answers with the state at that time. It is still running.',
    ...{ as: 'alice', method: 'GET', path: '/_query/async/$ID?wait_for_completion_timeout=500ms' },
    expects: { status: 200, shows: RUNNING },
  },
  {
    says: 'To Mallory there is no such query, though she knows its id: 404, as for an id that nobody has.',
    ...{ as: 'mallory', method: 'GET', path: '/_query/async/$ID' },
    expects: { status: 404, shows: UNKNOWN },
  },
  {
    says: 'Alice waits: a get without a timeout answers when the query has ended, with its result.',
    ...{ as: 'alice', method: 'GET', path: '/_query/async/$ID' },
    expects: { status: 200, shows: /"is_running":false.*web-1/ },
  },
  {
    says: 'The headers alone say whether it runs, and when it expires.',
    ...{ as: 'alice', method: 'HEAD', path: '/_query/async/$ID' },
    expects: { status: 200, shows: /^x-elasticsearch-async-is-running: \?0$/m },
  },
  {
    says: 'The result as CSV.',
    ...{ as: 'alice', method: 'GET', path: '/_query/async/$ID?format=csv' },
    expects: { status: 200, shows: /host,requests,last_seen\r\n/ },
  },
  {
    says: 'The result as a table to read. Other formats are json, yaml, cbor, smile, tsv and md.',
    ...{ as: 'alice', method: 'GET', path: '/_query/async/$ID?format=txt' },
    expects: { status: 200, shows: /host +\| +requests/ },
  },
  {
    says: 'She submits a query that takes a minute.',
    ...{ as: 'alice', method: 'POST', path: '/_query/async' },
    body: { query: 'FROM slower', wait_for_completion_timeout: '0s' },
    expects: { status: 200, shows: RUNNING },
  },
  {
    says: 'It is in the list of her running queries.',
    ...{ as: 'alice', method: 'GET', path: '/_query/queries' },
    expects: { status: 200, shows: /"query":"FROM slower"/ },
  },
  {
    says: 'The list has it alone, by its id.',
    ...{ as: 'alice', method: 'GET', path: '/_query/queries/$ID' },
    expects: { status: 200, shows: /"query":"FROM slower"/ },
  },
  {
    says: 'Mallory has none.',
    ...{ as: 'mallory', method: 'GET', path: '/_query/queries' },
    expects: { status: 200, shows: /"queries":\{\}/ },
  },
  {
    says: 'Alice stops it, and keeps the rows that it has found so far: is_partial is true.',
    ...{ as: 'alice', method: 'POST', path: '/_query/async/$ID/stop' },
    expects: { status: 200, shows: /"is_partial":true/ },
  },
  {
    says: 'She deletes it.',
    ...{ as: 'alice', method: 'DELETE', path: '/_query/async/$ID' },
    expects: { status: 200, shows: /"acknowledged":true/ },
  },
  {
    says: 'Now it is as unknown to her as to Mallory.',
    ...{ as: 'alice', method: 'GET', path: '/_query/async/$ID' },
    expects: { status: 404, shows: UNKNOWN },
  },
  {
    says: 'A synchronous query has no id, and lasts as long as its request.',
    ...{ as: 'alice', method: 'POST', path: '/_query?format=txt' },
    body: { query: 'FROM books | KEEP title, authors, pages | LIMIT 3' },
    expects: { status: 200, shows: BOOKS },
  },
]
