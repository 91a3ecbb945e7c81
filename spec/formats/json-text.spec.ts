import fc from 'fast-check'
import { JsonText } from '../../lib/core/json-text'
import type { ColumnType, Value } from '../../lib/core/result'
import { loadArrowWriter } from '../../lib/formats/arrow/arrow'
import { cborWriter } from '../../lib/formats/binary/cbor'
import { smileWriter } from '../../lib/formats/binary/smile'
import { jsonWriter } from '../../lib/formats/json/json'
import { csvWriter } from '../../lib/formats/text/csv'
import { tsvWriter } from '../../lib/formats/text/tsv'
import type { Presentation, Writer } from '../../lib/formats/writer'
import { yamlWriter } from '../../lib/formats/yaml/yaml'
import { decodedArrow } from '../support/decoded-arrow'
import { bytesOf, decoders, jsonCells } from '../support/json-family'
import { spelledDocument } from '../support/spelled-document'
import { completed, plain, textOf } from '../support/tables'

/** All that JavaScript values cannot hold. */
const SPELLED =
  '{"b" : 1.0,\n"10":1e3,"2":-0,"d":0.10,"d":1E400,"__proto__":{"x":[]},"u":"\\u0041\\/\\ud800",' +
  '"n":12345678901234567890123,"z":-0.0,"e":{ },"l":[true,null]}'

const AGAIN =
  '{"b":1.0,"10":1000.0,"2":0,"d":0.1,"d":"Infinity","__proto__":{"x":[]},"u":"A/\ufffd",' +
  '"n":12345678901234567890123,"z":-0.0,"e":{},"l":[true,null]}'

const AS_MAP =
  '{b=1.0, 10=1000.0, 2=0, d=0.1, d=Infinity, __proto__={x=[]}, u=A/\ufffd, n=12345678901234567890123, z=-0.0, e={}, l=[true, null]}'

function written(
  writer: Writer,
  cell: Value,
  presentation: Partial<Presentation> = {},
  type: ColumnType = '_source',
): Buffer {
  const query = completed({ columns: [{ name: 'c', type }], values: [[cell]] })
  return bytesOf(writer(query, { ...plain, ...presentation }))
}

/** What a document says, as far as `JSON.parse` can tell. */
function said(document: unknown): string {
  const text = JSON.stringify(document, (_, value) =>
    value === Number.POSITIVE_INFINITY ? 'Infinity' : value,
  )
  return text.replaceAll(/(?<!\\)((?:\\\\)*)\\ud[89a-f]../g, '$1\ufffd')
}

const inValues = (json: string) => `{"values":[[${json}]]}`
const rowsOf = (text: string) => text.slice(text.indexOf('"values":') + '"values":'.length, -1)

describe('JSON in its spelling', () => {
  const cell = new JsonText(SPELLED)

  it.each<ColumnType>(['_source', 'flattened'])('is copied into compact JSON, in a column of %s', (type) => {
    expect(rowsOf(written(jsonWriter, cell, {}, type).toString())).toBe(`[[${SPELLED}]]`)
  })

  it('is copied in every place: in columns, in several values, within an object, beside a text that looks like a mark', () => {
    const [name, type] = ['c', '_source' as const]
    const columns = [
      { name: 'mark', type: 'keyword' as const },
      { name, type },
    ]
    const query = completed({
      columns,
      values: [
        ['\u007f', [cell, cell]],
        ['\u007f', { within: cell, number: new JsonText('1.0') }],
      ],
    })
    const [many, within] = [`[${SPELLED},${SPELLED}]`, `{"within":${SPELLED},"number":1.0}`]
    expect(rowsOf(textOf(jsonWriter(query, plain)))).toBe(`[["\u007f",${many}],["\u007f",${within}]]`)
    expect(rowsOf(textOf(jsonWriter({ ...query, columnar: true }, plain)))).toBe(
      `[["\u007f","\u007f"],[${many},${within}]]`,
    )
  })

  it('is written again where Elasticsearch does: filtered, indented, in other formats', () => {
    expect(written(jsonWriter, cell, { filterPath: 'values' }).toString()).toBe(inValues(AGAIN))
    expect(written(jsonWriter, cell, { filterPath: 'values.b,values.d' }).toString()).toBe(
      inValues('{"b":1.0,"d":0.1,"d":"Infinity"}'),
    )
    expect(written(jsonWriter, new JsonText('{"b":1.0,"a":[]}'), { pretty: true }).toString()).toContain(
      '    [\n      {\n        "b" : 1.0,\n        "a" : [ ]\n      }\n    ]\n',
    )
    expect(written(yamlWriter, new JsonText('{"b":1.0,"10":1e3,"s":"x"}')).toString()).toContain(
      'values:\n- - b: 1.0\n    "10": 1000.0\n    s: "x"\n',
    )
    expect(written(cborWriter, new JsonText('{"a":1.0,"a":1}')).toString('hex')).toContain(
      'bf6161fb3ff0000000000000616101ff',
    )
    const document = '{"b":[1.5,"\\u0041"],"10":{"2":-7}}'
    expect(decoders.smile(written(smileWriter, new JsonText(document)))).toMatchObject({
      values: [[JSON.parse(document)]],
    })
  })

  it('is a map in text', () => {
    expect(written(tsvWriter, cell).toString()).toBe(`c\n${AS_MAP}\n`)
    expect(written(csvWriter, cell).toString()).toBe(`c\r\n"${AS_MAP}"\r\n`)
  })

  it('is the text of an Arrow column', async () => {
    expect(decodedArrow(written(await loadArrowWriter(), cell))).toMatchObject({ rows: [[SPELLED]] })
  })

  it('is an object of numbers in the columns that hold these', () => {
    const histogram = new JsonText('{"values":[1,2.50],"counts":[3,4]}')
    expect(jsonCells('histogram', [histogram])).toBe('"{\\"values\\":[1.0,2.5],\\"counts\\":[3,4]}"')
    expect(jsonCells('exponential_histogram', [new JsonText('{"scale":3,"sum":2}')])).toBe(
      '{"scale":3,"sum":2.0}',
    )
  })

  it('loses comments, outer blanks and halves of characters', () => {
    const given = new JsonText(' {"a" /* no */ :1.0, // no\n"b":"//\ud800"}\n')
    expect(rowsOf(written(jsonWriter, given).toString())).toBe('[[{"a":1.0,"b":"//\ufffd"}]]')
    expect(rowsOf(written(jsonWriter, new JsonText(' {"a" :1.0}\n')).toString())).toBe('[[{"a" :1.0}]]')
  })

  it.each([
    ['no JSON', '{"secret'],
    ['no object', '[1]'],
    ['a number', '1.0'],
    ['nothing', ''],
    ['two objects', '{}{}'],
    ['more levels than Elasticsearch reads', `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
    ['more digits than Elasticsearch reads', `{"a":${'1'.repeat(1_001)}}`],
  ])('is refused as a cell if it is %s, and nothing of it shows', (_what, text) => {
    const refusal = 'Row 0 of `values`: column `c` of type `_source` cannot hold this object'
    const write = () => written(jsonWriter, new JsonText(text))
    expect(write).toThrow(refusal)
    expect(write).not.toThrow('secret')
  })

  it('is refused in columns of other types', () => {
    expect(() => written(jsonWriter, cell, {}, 'keyword')).toThrow('cannot hold this object')
    expect(() => written(jsonWriter, cell, {}, 'long')).toThrow('cannot hold this object')
  })

  it('may be as deep as Elasticsearch reads, in every format', async () => {
    const deep = new JsonText(`{"a":${'['.repeat(999)}${']'.repeat(999)}}`)
    for (const writer of [
      jsonWriter,
      yamlWriter,
      cborWriter,
      smileWriter,
      csvWriter,
      await loadArrowWriter(),
    ]) {
      expect(written(writer, deep, { filterPath: 'values' }).length).toBeGreaterThan(1_999)
    }
  })

  it('comes through as it is, whatever it is, and says the same when it is written again', () => {
    fc.assert(
      fc.property(spelledDocument, (text) => {
        expect(rowsOf(written(jsonWriter, new JsonText(text)).toString())).toBe(`[[${text}]]`)
        const again = rowsOf(written(jsonWriter, new JsonText(text), { filterPath: 'values' }).toString())
        expect(said(JSON.parse(again)[0][0])).toBe(said(JSON.parse(text)))
      }),
    )
  })
})
