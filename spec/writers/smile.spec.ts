import { parse } from 'smile-js'
import { smileWriter } from '../../lib/writers/smile'
import { asyncDocument, goldenCases, presentationOf, queryOf } from '../support/golden-cases'
import { bytesOf } from '../support/json-family'

describe('smileWriter', () => {
  it.each(goldenCases(['smile']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    const written = parse(bytesOf(smileWriter(queryOf(goldenCase), presentationOf(goldenCase))))
    const expected = asyncDocument(goldenCase, parse(Buffer.from(goldenCase.expected.body, 'base64')))
    expect(written).toEqual(expected)
  })
})
