import fc from 'fast-check'
import { QueryError } from '../../../lib/core/errors'
import { assertQueryId, QueryIdGenerator, withPadding } from '../../../lib/stores/execution/query-id'
import { anyCharacter } from '../../support/any-character'
import { unknownId } from '../../support/sealed-id'

const WORKED_ID = 'FkpMRkJGS1gzVDRlM3g4ZzMyRGlLbkEaTXlJZHdNT09TU2VTZVBoNDM3cFZMUToxMDM='
const SECOND_WORKED_ID = 'FmJKWHpFRi1OU0l5SU1YcnpuWWhoUWcZWDFuYUJBeW1TY0dKM3otWUs2bDJudzo1Mg=='

/** An id as the facts describe it, made without the code under test. */
function idOf(document: string, task: string): string {
  const text = `${String.fromCharCode(document.length)}${document}${String.fromCharCode(task.length)}${task}`
  return Buffer.from(text, 'latin1').toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

function refusal(id: string): string | undefined {
  try {
    assertQueryId(id)
    return undefined
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    expect([error.type, error.status]).toEqual(['illegal_argument_exception', 400])
    return error.reason
  }
}

describe('QueryIdGenerator', () => {
  it('makes ids of a random document id and the task id of this node', () => {
    const ids = new QueryIdGenerator()
    const [first, second] = [ids.next(), ids.next()].map((id) => {
      expect(id).toMatch(/^([\w-]{4})*([\w-]{2}==|[\w-]{3}=)?$/)
      const bytes = Buffer.from(id, 'base64url')
      expect([bytes[0], bytes[23]]).toEqual([22, bytes.length - 24])
      return /^([\w-]{22}).([\w-]{22}):(\d+)$/s.exec(bytes.toString('latin1', 1))
    })
    expect(first).not.toBeNull()
    expect([first?.[3], second?.[3]]).toEqual(['1', '2'])
    expect(second?.[2]).toBe(first?.[2])
    expect(second?.[1]).not.toBe(first?.[1])
  })

  it('makes ids that are accepted, and no id twice', () => {
    const made = [new QueryIdGenerator(), new QueryIdGenerator()].flatMap((ids) =>
      Array.from({ length: 1_100 }, () => ids.next()),
    )
    expect(new Set(made).size).toBe(2_200)
    expect(made.map(refusal).filter((reason) => reason !== undefined)).toEqual([])
  })
})

describe('assertQueryId', () => {
  it.each([WORKED_ID, SECOND_WORKED_ID])('accepts the worked id %s', (id) => {
    expect(refusal(id)).toBeUndefined()
  })

  it('accepts ids without their padding', () => {
    expect(refusal(WORKED_ID.replaceAll('=', ''))).toBeUndefined()
    expect(refusal(SECOND_WORKED_ID.replaceAll('=', ''))).toBeUndefined()
  })

  it('accepts sealed ids, which no store of queries in memory knows', () => {
    const sealed = Array.from({ length: 20 }, () => unknownId())
    expect(sealed.map(refusal).filter((reason) => reason !== undefined)).toEqual([])
  })

  it('accepts every id of the shape', () => {
    const text = fc.stringMatching(/^[\w-]{1,40}$/)
    fc.assert(
      fc.property(text, text, fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (document, node, task) => {
        expect(refusal(idOf(document, `${node}:${task}`))).toBeUndefined()
      }),
    )
  })

  it.each([
    ['empty', ''],
    ['not base64', 'foo.bar'],
    ['base64 of other bytes', 'foobar'],
    ['a blank', ' '],
    [
      'in the alphabet that URLs cannot carry',
      idOf('\xfb\xff\xbf', 'n:1').replaceAll('-', '+').replaceAll('_', '/'),
    ],
    ['with too little padding', SECOND_WORKED_ID.slice(0, -1)],
    ['with too much padding', `${WORKED_ID}=`],
    ['with padding and more', `${WORKED_ID}AAAA`],
    ['with a character too many', `${WORKED_ID.replace('=', '')}AA`],
    ['with a line break', `${WORKED_ID}\n`],
    ['truncated', WORKED_ID.slice(0, 40)],
    [
      'with bytes behind the task id',
      Buffer.from(`${Buffer.from(WORKED_ID, 'base64url').toString('latin1')}x`, 'latin1').toString(
        'base64url',
      ),
    ],
    ['without a task id', Buffer.from('\x01d', 'latin1').toString('base64url')],
    ['of an endless length', Buffer.from('\xff\xff\xff\xff\xff\xff\x01', 'latin1').toString('base64url')],
    ['of a length beyond the end', Buffer.from('\x7fd', 'latin1').toString('base64url')],
  ])('refuses an id that is %s', (_what, id) => {
    expect(refusal(id)).toBe(`invalid id: [${id}]`)
  })

  it.each(['node', 'node:', 'node:x', 'node:1:2', 'node:1.5', 'node 1'])(
    'refuses an id with the malformed task id %j',
    (task) => {
      expect(refusal(idOf('document', task))).toBe(`malformed task id ${task}`)
    },
  )

  it('takes any text for an id or refuses it, and never fails otherwise', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.base64String(),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    )
    fc.assert(
      fc.property(text, (id) => {
        expect(refusal(id) ?? 'invalid id: ').toMatch(/^(invalid id: |malformed task id )/)
      }),
    )
  })
})

describe('withPadding', () => {
  it.each([WORKED_ID, SECOND_WORKED_ID])('gives the id %s back with its padding', (id) => {
    expect(withPadding(id.replaceAll('=', ''))).toBe(id)
    expect(withPadding(id)).toBe(id)
  })
})
