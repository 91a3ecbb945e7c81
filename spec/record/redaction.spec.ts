import { EVERY_TYPE } from 'express-esql-async-query/test-kit'
import { checkRows } from '../../lib/catalogue/read-response'
import { JsonText } from '../../lib/core/json-text'
import type { Value, ValueObject } from '../../lib/core/result'
import type { RedactEntry, Redaction } from '../../lib/record/redaction'
import { checkRedaction, Redactor, withRules } from '../../lib/record/redaction'
import { COLUMN_RULES } from '../../lib/record/stand-ins'

const { columns, values } = EVERY_TYPE

describe('redacted columns', () => {
  it.each(COLUMN_RULES)('fit their type with `%s`, whatever it is, and show nothing of the cells', (rule) => {
    const rules = new Redactor({ columns: { '*': rule } }, 'salt').cellRules(columns)
    const redacted = withRules(values, rules ?? [])
    expect(() => checkRows(redacted, columns, 'values')).not.toThrow()
    for (const [index, row] of redacted.entries()) {
      for (const [place, cell] of row.entries()) {
        const before = values[index]?.[place] ?? null
        if (before === null) expect(cell).toBeNull()
        // Shorter ones, such as 0, may be a stand-in too.
        else if (String(before).length > 3) expect(String(cell)).not.toContain(String(before))
      }
    }
  })

  it('are found by name, by the first pattern that fits', () => {
    const rules: Redaction = { columns: { 'user.id': 'null', 'user.*': 'mask', '*mail': 'mask' } }
    const named = ['user.id', 'user.name', 'userXname', 'e.mail', 'mails'].map((name) => ({
      name,
      type: 'keyword' as const,
    }))
    const cells = new Redactor(rules, '').cellRules(named) ?? []
    expect(cells.map((rule) => rule('x'))).toEqual([null, '***', 'x', '***', 'x'])
  })

  it('have the same hash for the same cell and salt, in every value of a cell', () => {
    const hash = (salt: string, cell: string | string[]) =>
      new Redactor({ columns: { a: 'hash' } }, salt).cellRules([{ name: 'a', type: 'keyword' }])?.[0]?.(cell)
    expect(hash('1', ['a', 'b'])).toEqual([hash('1', 'a'), hash('1', 'b')])
    expect(hash('1', 'a')).not.toBe(hash('1', 'b'))
    expect(hash('1', 'a')).not.toBe(hash('2', 'a'))
  })
})

describe('a redacted question', () => {
  it('is what `params` and `entry` make of it, as the client has sent it', () => {
    const redactor = new Redactor(
      {
        params: ([first]) => [first ?? null, { who: { identifier: 'b' } }].slice(0, 1),
        entry: ({ query, params, filter }, { hash }) => ({
          query: query.toUpperCase(),
          params: [...(params ?? []), { key: hash('x') }],
          ...(filter && { filter: {} }),
        }),
      },
      '',
    )
    const asked = { query: 'from a', params: [{ name: 'who', value: 2n ** 60n }], filter: { term: { a: 1 } } }
    expect(redactor.question(asked)).toEqual({
      query: 'FROM A',
      params: [
        { name: 'who', value: 2n ** 60n },
        { name: 'key', value: expect.stringMatching(/^[0-9a-f]{16}$/) },
      ],
      filter: {},
    })
  })

  const lacksQuery = 'must return an entry at once, with its `query`'
  it.each<[string, () => unknown, string]>([
    ['a promise', async () => ({ query: 'a' }), lacksQuery],
    ['nothing', () => undefined, lacksQuery],
    ['no query', () => ({}), lacksQuery],
    ['a query without text', () => ({ query: '' }), lacksQuery],
    ['a filter in a word', () => ({ query: 'a', filter: 'any' }), 'must leave `filter` an object'],
  ])('is refused if `entry` returns %s', (_what, entry, reason) => {
    const redactor = new Redactor(entry as Redaction, '')
    expect(() => redactor.question({ query: 'a' })).toThrow(reason)
  })

  it.each<[unknown, string]>([
    ['mask', 'must be a function, or an object'],
    [{ colums: {} }, 'does not know `colums`'],
    [{ params: 'x' }, '`params` of a redaction must be a function'],
    [{ columns: 'x' }, '`columns` of a redaction must be an object'],
    [{ columns: { a: 'hsh' } }, "did you mean 'hash'?"],
  ])('needs rules that make sense: %j', (redaction, reason) => {
    expect(() => checkRedaction(redaction)).toThrow(reason)
  })
})

describe('a redacted response', () => {
  const text = '{"name":"Jo","age":1.0}'
  const doubled = '{"name":"Jo","name":"Al"}'
  const response = {
    columns: [],
    values: [[new JsonText(text), [new JsonText('{"a":1e3}')]], [new JsonText(doubled)]],
  }
  const responseOf = (entry: RedactEntry) => new Redactor(entry, '').response({ query: 'a' }, response)

  it('has documents as values, and those that stay keep their spelling', () => {
    const seen: unknown[] = []
    const redacted = responseOf((entry) => {
      const { values } = entry.response as { values: Value[][] }
      seen.push(structuredClone(values))
      return { ...entry, response: { ...entry.response, values: [values[1], values[0]] } as ValueObject }
    })
    expect(seen).toEqual([[[{ name: 'Jo', age: 1 }, [{ a: 1_000 }]], [{ name: 'Al' }]]])
    expect(redacted.values).toStrictEqual([[{ name: 'Al' }], response.values[0]])
  })

  it('has what the redaction makes of a document, also in place', () => {
    const redacted = responseOf((entry) => {
      const [[document] = []] = (entry.response?.values ?? []) as Record<string, Value>[][]
      if (document) document.name = '***'
      return entry
    })
    expect(redacted.values).toStrictEqual([
      [{ name: '***', age: 1 }, [new JsonText('{"a":1e3}')]],
      [{ name: 'Al' }],
    ])
  })
})
