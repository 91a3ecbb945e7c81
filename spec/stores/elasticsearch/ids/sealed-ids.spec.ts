import fc from 'fast-check'
import type { Owner } from '../../../../lib/core/caller'
import { ownerOf } from '../../../../lib/core/caller'
import { QueryError } from '../../../../lib/core/errors'
import { SealedIds } from '../../../../lib/stores/elasticsearch/ids/sealed-ids'
import { newSealingKey, readSealingKeys } from '../../../../lib/stores/elasticsearch/ids/sealing-keys'
import { UnusableAnswerError } from '../../../../lib/stores/elasticsearch/outage'
import { anyCharacter } from '../../../support/any-character'
import { UNKNOWN_UPSTREAM_ID as upstreamId } from '../../../support/sealed-id'

const alice = ownerOf('https://issuer.example', 'alice')
const mallory = ownerOf('https://issuer.example', 'mallory')

function sealedIds(...keys: string[]): SealedIds {
  return new SealedIds(readSealingKeys(keys.length > 0 ? keys : [newSealingKey()]))
}

/** The content that an id opens to, `unknown`, or `invalid`. */
function outcome(ids: SealedIds, id: string, owner: Owner | undefined = alice): unknown {
  try {
    const opened = ids.open(id, owner)
    if (!opened) return 'unknown'
    const { id: own, ...content } = opened
    expect(own).toBe(id)
    return content
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    expect(error.type).toBe('illegal_argument_exception')
    if (error.reason !== `invalid id: [${id}]`) expect(error.reason).toMatch(/^malformed task id /)
    return 'invalid'
  }
}

describe('a sealed id', () => {
  it('opens for its owner', () => {
    const ids = sealedIds()
    expect(outcome(ids, ids.seal({ upstreamId }, alice))).toEqual({ upstreamId })
  })

  it('opens for its owner alone where owners differ only in halves of surrogate pairs', () => {
    const ids = sealedIds()
    const halves = [
      '\ud800',
      '\udbff',
      '\udc00',
      '\udfff',
      '\udc00\ud800',
      '\ufffd',
      '\ufffd\ufffd',
      '\\ud800',
    ]
    const owners = halves.map((half) => `a${half}z` as Owner)
    for (const owner of owners) {
      const id = ids.seal({ upstreamId }, owner)
      const openedBy = owners.filter((other) => ids.open(id, other))
      expect(openedBy).toEqual([owner])
    }
  })

  it('opens to everything that was sealed in it', () => {
    const ids = sealedIds()
    const content = fc.record(
      {
        upstreamId: fc.oneof(
          fc.string({ minLength: 1, maxLength: 200 }),
          fc
            .uint8Array({ minLength: 1, maxLength: 200 })
            .map((bytes) => Buffer.from(bytes).toString('base64url')),
        ),
        columnar: fc.constant(true),
        timeZone: fc.constantFrom('UTC', 'America/Argentina/ComodRivadavia', '+05:30'),
        expirationTimeMs: fc.nat({ max: 2 ** 47 }),
      },
      { requiredKeys: ['upstreamId'] },
    )
    fc.assert(
      fc.property(content, (sealed) => {
        expect(outcome(ids, ids.seal(sealed, alice))).toEqual({ ...sealed })
      }),
    )
  })

  it('opens as earlier versions sealed it, without the drop_null_columns that they remembered', () => {
    const ids = sealedIds('3415156a.DB1EsPvwphQG_LQEpCvSdiF3Xe0QHw41TQnQBhW44vY')
    const withEverything =
      'AQgzNDE1MTU2YdzNphDmE8ZtyHzk6xyHwa01oTmNAGLaPR_CH8BRhdLeauJCMwlkStSuYtovujz6nszxXPYaT9QrnVCTYoAffglMZBUCEfYsHQu6yquxUj12O6XloGF5PkXzpkNPQezYEUQWbn8NopRjr7ZNpq1fUpTD'
    const withFlag =
      'AQgzNDE1MTU2YatSWWdrtnpj6SI2abh60vmzfa2TF5J35FrJkP1fi3zxRnA1PeNR4suv-vGvZHJqKO43N-s21E3VUBSIwGT3RTBpb0sdUL7BnhZrvkFmUGf-y_6_2WqPpDPd0mhb2U4r'
    expect([outcome(ids, withEverything), outcome(ids, withFlag), outcome(ids, withFlag, mallory)]).toEqual([
      { upstreamId, columnar: true, timeZone: 'Europe/Rome', expirationTimeMs: 1_700_000_000_000 },
      { upstreamId },
      'unknown',
    ])
  })

  it('is short, and fits into URLs and headers as it is', () => {
    const id = sealedIds().seal({ upstreamId, columnar: true }, alice)
    expect(id).toMatch(/^[\w-]+$/)
    expect(id.length).toBeLessThanOrEqual(150)
  })

  it('differs each time', () => {
    const ids = sealedIds()
    const made = Array.from({ length: 100 }, () => ids.seal({ upstreamId }, alice))
    expect(new Set(made).size).toBe(100)
  })

  it('shows nothing of the id and the owner', () => {
    const bytes = Buffer.from(sealedIds().seal({ upstreamId }, alice), 'base64url')
    const plain = [upstreamId.replace(/=+$/, ''), Buffer.from(upstreamId, 'base64url'), alice, 'alice']
    expect(plain.map((text) => bytes.includes(text))).toEqual([false, false, false, false])
  })

  it('opens for no other owner', () => {
    const ids = sealedIds()
    const id = ids.seal({ upstreamId }, alice)
    const others = [
      mallory,
      '',
      alice.toUpperCase(),
      ` ${alice}`,
      `${alice}\0`,
      alice.slice(0, -1),
    ] as Owner[]
    expect(others.map((owner) => outcome(ids, id, owner))).toEqual(others.map(() => 'unknown'))
  })

  it('opens without an owner, for callers who may cancel the queries of others', () => {
    const ids = sealedIds()
    const id = ids.seal({ upstreamId }, alice)
    expect(ids.open(id, undefined)).toEqual({ id, upstreamId })
  })

  it('opens with its key, wherever that stands in the list', () => {
    const [first = '', second = '', third = ''] = Array.from({ length: 3 }, newSealingKey)
    const id = sealedIds(first).seal({ upstreamId }, alice)
    expect(outcome(sealedIds(second, first, third), id)).toEqual({ upstreamId })
    expect(outcome(sealedIds(second, third), id)).toBe('unknown')
  })

  it('is sealed with the first key', () => {
    const [first = '', second = ''] = [newSealingKey(), newSealingKey()]
    const id = sealedIds(first, second).seal({ upstreamId }, alice)
    expect([outcome(sealedIds(first), id), outcome(sealedIds(second), id)]).toEqual([
      { upstreamId },
      'unknown',
    ])
  })

  it('does not open with another key of the same id', () => {
    const [id = '', secret = ''] = newSealingKey().split('.')
    const [, otherSecret = ''] = newSealingKey().split('.')
    const sealed = sealedIds(`${id}.${secret}`).seal({ upstreamId }, alice)
    expect(outcome(sealedIds(`${id}.${otherSecret}`), sealed)).toBe('unknown')
  })

  it('is not made of an id that is empty or too long', () => {
    for (const unsealable of ['', 'x'.repeat(2_000)])
      expect(() => sealedIds().seal({ upstreamId: unsealable }, alice)).toThrow(UnusableAnswerError)
  })
})

describe('an id that was tampered with', () => {
  const ids = sealedIds()
  const id = ids.seal({ upstreamId, columnar: true }, alice)
  const bytes = Buffer.from(id, 'base64url')
  const refusals = ['unknown', 'invalid']

  function opened(tampered: readonly string[]): string[] {
    return tampered.filter((text) => text !== id && !refusals.includes(String(outcome(ids, text))))
  }

  it('does not open with any byte changed to any other', () => {
    const tampered = Array.from(bytes).flatMap((byte, at) =>
      Array.from({ length: 256 }, (_, other) => {
        if (other === byte) return id
        const copy = Buffer.from(bytes)
        copy[at] = other
        return copy.toString('base64url')
      }),
    )
    expect(tampered).toHaveLength(bytes.length * 256)
    expect(opened(tampered)).toEqual([])
  })

  it('does not open with any character changed to any other', () => {
    const characters = Array.from({ length: 0x7f - 0x20 }, (_, code) => String.fromCharCode(0x20 + code))
    const tampered = Array.from(id).flatMap((_, at) =>
      characters.map((character) => id.slice(0, at) + character + id.slice(at + 1)),
    )
    expect(opened(tampered)).toEqual([])
  })

  it('does not open truncated at any place, at either end', () => {
    const tampered = Array.from(id).flatMap((_, at) => [id.slice(0, at), id.slice(at + 1)])
    const shorter = Array.from(bytes).map((_, at) => bytes.subarray(0, at).toString('base64url'))
    expect(opened([...tampered, ...shorter])).toEqual([])
  })

  it('does not open extended by anything', () => {
    const more = ['=', '==', 'A', 'AA', 'AAAA', ' ', '\n', '%3D', '.', id]
    const longer = Array.from({ length: 256 }, (_, byte) => Buffer.concat([bytes, Buffer.of(byte)]))
    const tampered = more.flatMap((text) => [id + text, text + id])
    expect(opened([...tampered, ...longer.map((text) => text.toString('base64url'))])).toEqual([])
  })

  it('does not open when it is put together from two', () => {
    const other = Buffer.from(ids.seal({ upstreamId, columnar: true }, mallory), 'base64url')
    expect(other).toHaveLength(bytes.length)
    const tampered = Array.from(bytes).flatMap((_, at) => [
      Buffer.concat([bytes.subarray(0, at), other.subarray(at)]).toString('base64url'),
      Buffer.concat([other.subarray(0, at), bytes.subarray(at)]).toString('base64url'),
    ])
    expect(opened(tampered)).toEqual([])
  })

  it.each([
    '',
    ' ',
    'x',
    upstreamId.slice(0, 40),
    `${upstreamId}=`,
    'x'.repeat(5_000),
    '\0',
    '__proto__',
    'AWEBYg==',
  ])('is invalid when it does not have the form of an id: %j', (text) => {
    expect(outcome(ids, text)).toBe('invalid')
  })

  it.each([
    upstreamId,
    upstreamId.replace('=', ''),
    'FmJKWHpFRi1OU0l5SU1YcnpuWWhoUWcZWDFuYUJBeW1TY0dKM3otWUs2bDJudzo1Mg==',
    // A document id and a node of one character, and a document id that begins as a sealed id does.
    Buffer.from('\x01d\x03n:1', 'latin1').toString('base64url'),
    Buffer.from(`\x01\x08\x37${'n'.repeat(53)}:1`, 'latin1').toString('base64url'),
  ])('is unknown when it has the layout of the cluster and is not sealed: %s', (text) => {
    expect([outcome(ids, text), outcome(ids, text, undefined)]).toEqual(['unknown', 'unknown'])
  })

  it('never makes opening fail in another way', () => {
    const text = fc.oneof(
      fc.string({ unit: anyCharacter }),
      fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from([1, ...some]).toString('base64url')),
    )
    fc.assert(
      fc.property(text, (some) => {
        expect(refusals).toContain(outcome(ids, some))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('sealing keys', () => {
  const key = newSealingKey()
  const [keyId = '', secret = ''] = key.split('.')

  it('are made of 256 random bits and an id of their own', () => {
    expect(key).toMatch(/^[\da-f]{8}\.[\w-]{43}$/)
    expect(new Set(Array.from({ length: 100 }, newSealingKey)).size).toBe(100)
  })

  const expected = 'a key as newSealingKey() makes it, `ID.SECRET`'

  it.each([
    ['none', [], 'ElasticsearchStore needs at least one of `sealingKeys`'],
    ['an empty text', [''], `ElasticsearchStore expects \`sealingKeys[0]\` to be ${expected}`],
    [
      'a secret without an id',
      [key, secret],
      `ElasticsearchStore expects \`sealingKeys[1]\` to be ${expected}`,
    ],
    [
      'an id that is too long',
      [`an id that is too long.${secret}`],
      `ElasticsearchStore expects \`sealingKeys[0]\` to be ${expected}`,
    ],
    [
      'a secret that is too short',
      [`${keyId}.${secret.slice(0, -3)}`],
      'ElasticsearchStore expects the secret of `sealingKeys[0]` to be 32 bytes in base64url, got 30 bytes; newSealingKey() makes one',
    ],
    [
      'a secret that is too long',
      [`${keyId}.${secret}AAA`],
      'ElasticsearchStore expects the secret of `sealingKeys[0]` to be 32 bytes in base64url, got 34 bytes; newSealingKey() makes one',
    ],
    [
      'an id twice',
      [key, newSealingKey(), `${keyId}.${newSealingKey().split('.')[1]}`],
      `ElasticsearchStore got two \`sealingKeys\` with the id \`${keyId}\`; each needs its own`,
    ],
  ])('are refused with %s', (_fault, keys, message) => {
    expect(() => readSealingKeys(keys)).toThrow(new TypeError(message))
  })

  it('are never shown by a refusal', () => {
    for (const keys of [[key, key], [`${key}x`], [`x y.${secret}`]]) {
      let message = ''
      try {
        readSealingKeys(keys)
      } catch (error) {
        message = String(error)
      }
      expect([message === '', message.includes(secret)]).toEqual([false, false])
    }
  })
})
