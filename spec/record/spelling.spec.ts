import type { Double, DoubleOptions } from 'express-esql-async-query/double'
import { startDouble } from 'express-esql-async-query/double'
import fc from 'fast-check'
import { JsonText } from '../../lib/core/json-text'
import type { QueryResult } from '../../lib/core/result'
import type { Cluster } from '../support/cluster'
import { API_KEY, startCluster } from '../support/cluster'
import { Asker } from '../support/double'
import { leaveCi, RecordingFolder } from '../support/recordings'
import { spelledDocument } from '../support/spelled-document'

const COLUMNS: QueryResult['columns'] = [
  { name: 'id', type: 'long' },
  { name: '_source', type: '_source' },
  { name: 'labels', type: 'flattened' },
]

/** How an answer is asked for: in the spelling of the documents, and in that of Elasticsearch. */
const FORMATS = ['json', 'json&pretty', 'json&filter_path=values', 'yaml', 'csv', 'arrow']

describe('a recorded document', () => {
  let cluster: Cluster
  let folder: RecordingFolder
  let returnToCi: () => void
  let values: QueryResult['values'] = []
  const doubles: Double[] = []

  beforeEach(async () => {
    returnToCi = leaveCi()
    folder = new RecordingFolder()
    cluster = await startCluster({ execute: (query) => query.complete({ columns: COLUMNS, values }) })
  })
  afterEach(async () => {
    await Promise.all(doubles.splice(0).map((double) => double.close()))
    await cluster.close()
    folder.remove()
    returnToCi()
  })

  const start = async (options: DoubleOptions = {}): Promise<Double> => {
    const double = await startDouble({ catalogue: folder.file, ...options })
    doubles.push(double)
    return double
  }
  const record = () => start({ record: { mode: 'update', url: cluster.url, apiKey: API_KEY.encoded } })

  /** What the answer says about the rows. */
  const ask = async (double: Double, format: string, columnar: boolean): Promise<string> => {
    const asker = new Asker(double.url)
    const body = columnar && format.startsWith('json') ? { columnar } : {}
    const { text } = await asker.send('POST', `/_query/async?format=${format}`, {
      query: 'FROM a',
      wait_for_completion_timeout: '1m',
      ...body,
    })
    return text.replace(/^.*?"?values"?\s*:/s, '')
  }

  const expectTheSameAfter = async (columnar: boolean): Promise<void> => {
    const recorder = await record()
    const recorded: string[] = []
    for (const format of FORMATS) recorded.push(await ask(recorder, format, columnar))
    await recorder.close()
    const replay = await start()
    const replayed: string[] = []
    for (const format of FORMATS) replayed.push(await ask(replay, format, columnar))
    await replay.close()
    expect(replayed).toEqual(recorded)
    const [json] = replayed
    for (const [, source] of values) if (source instanceof JsonText) expect(json).toContain(source.text)
  }

  it('comes back byte for byte, in every format, whatever its spelling', async () => {
    const cell = fc.oneof(
      { arbitrary: spelledDocument.map((text) => new JsonText(text)), weight: 5 },
      { arbitrary: fc.constant(null), weight: 1 },
    )
    const rows = fc.array(fc.tuple(fc.nat(), cell, cell), { minLength: 1, maxLength: 4 })
    const property = fc.asyncProperty(rows, fc.boolean(), async (documents, columnar) => {
      folder.remove()
      folder = new RecordingFolder()
      values = documents
      await expectTheSameAfter(columnar)
    })
    await fc.assert(property, { numRuns: 25 })
  }, 120_000)

  it.each([
    ['long', `{"a" : "${'x'.repeat(200_000)}", "b":1.0}`],
    [
      'of many lines',
      `{${Array.from({ length: 5_000 }, (_, index) => `\n  "f${index}": 1.0`).join(',')}\r\n}`,
    ],
    ['deep', `{"a":${'['.repeat(900)}{"b":1.0}${']'.repeat(900)}}`],
    ['like a response', '{\n  "took": 1,\n  "values": [\n    [1.0]\n  ]\n}'],
  ])('comes back byte for byte if it is %s', async (_what, text) => {
    values = [
      [1, new JsonText(text), null],
      [2, null, new JsonText(text)],
    ]
    await expectTheSameAfter(false)
  })

  it('stands in the file as it is, which stays as it is while the answers are the same', async () => {
    values = [[1, new JsonText('{\n  "took": 1,\r\n  "b": 1.0\n}'), null]]
    await expectTheSameAfter(false)
    const { bytes } = folder
    expect(bytes).toContain('\n          [1,{\n  "took": 1,\r\n  "b": 1.0\n},null]\n')
    await expectTheSameAfter(false)
    expect(folder.bytes).toBe(bytes)
    values = [[1, new JsonText('{\n  "took": 2,\r\n  "b": 1.0\n}'), null]]
    await expectTheSameAfter(false)
    expect(folder.bytes).not.toBe(bytes)
  })
})
