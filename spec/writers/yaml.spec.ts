import { yamlWriter } from '../../lib/writers/yaml'
import { asyncText, goldenCases, presentationOf, queryOf } from '../support/golden-cases'
import { textOf } from '../support/tables'

describe('yamlWriter', () => {
  it.each(goldenCases(['yaml']))('writes %s as Elasticsearch does', (_, goldenCase) => {
    expect(textOf(yamlWriter(queryOf(goldenCase), presentationOf(goldenCase)))).toBe(asyncText(goldenCase))
  })
})
