import { TiledBody } from './tiled-body.mjs'

/** As large as the pieces that Elasticsearch sends. */
const TILE_BYTES = 65_536
const ROW_BYTES = 64

/** The results that the cluster has, and how many tiles of rows there are between head and tail. */
export const TILES = { small: 0, large: 2 ** 28 / TILE_BYTES }

/** What the cluster calls the query of a result. */
export function upstreamIdOf(result) {
  return Buffer.from(`${result.padEnd(30, '-')}node-1:12345`).toString('base64url')
}

const COLUMNS = '[{"name":"n","type":"long"},{"name":"text","type":"keyword"}]'

/** How each format writes rows, and what stands around them. */
const LAYOUTS = {
  csv: {
    head: () => 'n,text\r\n',
    row: (text) => `9007199254740993,${text}\r\n`,
    lastRow: '1,last\r\n',
  },
  json: {
    head: (id) =>
      `{"id":"${id}","is_running":false,"took":12,"is_partial":false,"columns":${COLUMNS},"values":[`,
    row: (text) => `[9007199254740993,"${text}"],`,
    lastRow: '[1,"last"]]}',
  },
}

export const MEDIA_TYPES = { csv: 'text/csv; charset=utf-8; header=present', json: 'application/json' }

/** The body of a result whose query has this id. */
export function answerBody(format, result, id) {
  const { head, row, lastRow } = LAYOUTS[format]
  const text = 'x'.repeat(ROW_BYTES - row('').length)
  return new TiledBody({
    head: head(id),
    tile: row(text).repeat(TILE_BYTES / ROW_BYTES),
    tiles: TILES[result],
    tail: lastRow,
  })
}
