import { COLUMN_TYPES } from '../../lib/core/result'
import { OBJECT_FORMATS, TEXT_FORMATS, writerFor } from '../../lib/formats/formats'
import { EVERY_TYPE } from '../../lib/test-kit'
import { completed, plain, textOf } from '../support/tables'

const [single = [], many = [], none = []] = EVERY_TYPE.values

describe('EVERY_TYPE', () => {
  it('has a column of each type, and as many cells in each row', () => {
    expect(EVERY_TYPE.columns.map(({ type }) => type)).toEqual(COLUMN_TYPES)
    expect(EVERY_TYPE.values.map((row) => row.length)).toEqual(Array(3).fill(COLUMN_TYPES.length))
  })

  it('has a value of each type that has values, multi-values, and nulls', () => {
    const empty = COLUMN_TYPES.filter((_, index) => single[index] === null)
    expect(empty).toEqual(['null', 'unsupported'])
    expect(many.filter((cell) => Array.isArray(cell)).length).toBeGreaterThan(15)
    expect(new Set(none)).toEqual(new Set([null]))
  })

  it.each([...OBJECT_FORMATS, ...TEXT_FORMATS])('is written as %s', async (format) => {
    const write = await writerFor(format)
    expect(textOf(write(completed(EVERY_TYPE), plain)).length).toBeGreaterThan(1_000)
  })

  it('is written as JSON that reads back as the same cells, but for metrics, which become text', async () => {
    const write = await writerFor('json')
    const { columns, values } = EVERY_TYPE
    const metrics = columns.findIndex(({ type }) => type === 'aggregate_metric_double')
    const read = JSON.parse(textOf(write(completed(EVERY_TYPE), plain)))
    expect(read.values.map((row: unknown[]) => row.toSpliced(metrics, 1))).toEqual(
      values.map((row) => rounded(row.toSpliced(metrics, 1))),
    )
  })
})

/** With the integers that `JSON.parse` gives. */
function rounded(value: unknown): unknown {
  const roundInteger = (_name: string, inner: unknown): unknown =>
    typeof inner === 'bigint' ? Number(inner) : inner
  return JSON.parse(JSON.stringify(value, roundInteger))
}
