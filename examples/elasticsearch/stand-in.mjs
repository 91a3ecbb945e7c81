import { startDouble } from 'express-esql-async-query/double'

const cluster = await startDouble()
cluster.on('FROM logs | LIMIT 2').completes({
  columns: [
    { name: 'host', type: 'keyword' },
    { name: 'bytes', type: 'long' },
  ],
  values: [
    ['a', 9007199254740993n],
    ['b', 12n],
  ],
})
const errors = {
  columns: [{ name: 'errors', type: 'long' }],
  values: [[3n]],
}
cluster.on('FROM logs | STATS errors = COUNT(*)').reports(errors).runsFor('1m').completes(errors)

/** Where a stand-in for a cluster listens. It speaks the same protocol, and answers these two queries. */
export const url = cluster.url
