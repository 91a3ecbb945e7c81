const HEADERS = {
  'content-type': 'application/yaml',
  'x-elastic-product': 'Elasticsearch',
  'x-elasticsearch-async-id': 'id',
  'x-elasticsearch-async-is-running': '?0',
  'took-nanos': '1000',
}

/** What the journal says about an answer in YAML, where the package `yaml` is not installed. */
function saidWithoutYaml(headers: Readonly<Record<string, string>>): string {
  let said = 'nothing'
  jest.doMock('yaml', () => {
    throw Object.assign(new Error("Cannot find module 'yaml'"), { code: 'MODULE_NOT_FOUND' })
  })
  try {
    jest.isolateModules(() => {
      const { Journal }: typeof import('../../../lib/verify/document/journal') = jest.requireActual(
        '../../../lib/verify/document/journal',
      )
      const { Answer }: typeof import('../../../lib/verify/answer') = jest.requireActual(
        '../../../lib/verify/answer',
      )
      const url = new URL('http://localhost/es/_query/async/id?format=yaml')
      const journal = new Journal()
      journal.note(
        new Answer({ method: 'GET', url, headers: {}, body: undefined }, 200, headers, Buffer.from('---\n')),
      )
      try {
        journal.assertDocumented('get')
      } catch (error) {
        said = String(error)
      }
    })
  } finally {
    jest.dontMock('yaml')
  }
  return said
}

describe('Journal', () => {
  it('finds no fault with a body that no installed package can read', () => {
    expect(saidWithoutYaml(HEADERS)).toBe('nothing')
  })

  it('looks at the headers of such an answer all the same', () => {
    const { 'x-elastic-product': _, ...headers } = HEADERS
    expect(saidWithoutYaml(headers)).toMatch(/is not as documented: the header X-elastic-product is missing/i)
  })
})
