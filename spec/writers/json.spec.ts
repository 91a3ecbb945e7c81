import { jsonWriter } from '../../lib/writers/json'
import { asyncText, goldenCases, presentationOf, queryOf } from '../support/golden-cases'
import { textOf } from '../support/tables'

describe('jsonWriter', () => {
  it.each(goldenCases(['json']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    expect(textOf(jsonWriter(queryOf(goldenCase), presentationOf(goldenCase)))).toBe(asyncText(goldenCase))
  })
})
