import { randomBytes } from 'node:crypto'
import type { JwtKey } from '../../lib/jwt/key'
import { sourcedKey } from '../../lib/jwt/key-finder'
import { rsaKeys } from '../support/tokens'

const RS256 = { alg: 'RS256' } as const
const HS256 = { alg: 'HS256' } as const

describe('sourcedKey', () => {
  const { publicKey } = rsaKeys

  it.each<[string, () => JwtKey]>([
    ['a KeyObject', () => publicKey],
    ['a PEM', () => publicKey.export({ format: 'pem', type: 'spki' }).toString()],
    ['bytes', () => Buffer.from(publicKey.export({ format: 'pem', type: 'spki' }))],
    ['a JWK', () => publicKey.export({ format: 'jwk' })],
  ])('parses %s once, even if the source builds it for each call', async (_, source) => {
    const find = sourcedKey(source)
    const first = await find(RS256)
    expect(await find(RS256)).toBe(first)
  })

  it('distinguishes keys by their content', async () => {
    const bytes = Buffer.alloc(32, 0xe9)
    const materials = [bytes.toString('latin1'), bytes, Buffer.alloc(32, 0xea), 'e'.repeat(32)]
    let next = 0
    const find = sourcedKey(() => materials[next++])
    const exported: Buffer[] = []
    for (const _ of materials) exported.push((await find(HS256)).key.export())
    expect(exported).toEqual(materials.map((material) => Buffer.from(material as string)))
  })

  it('notices changes in place of bytes and of a JWK', async () => {
    const bytes = randomBytes(32)
    const jwk = { kty: 'oct', k: randomBytes(32).toString('base64url') }
    const findBytes = sourcedKey(() => bytes)
    const findJwk = sourcedKey(() => jwk)
    await findBytes(HS256)
    await findJwk(HS256)
    bytes.fill(1)
    jwk.k = bytes.toString('base64url')
    expect((await findBytes(HS256)).key.export()).toEqual(bytes)
    expect((await findJwk(HS256)).key.export()).toEqual(bytes)
  })

  it('keeps 64 parsed keys, and forgets the least recently used one', async () => {
    const secrets = Array.from({ length: 65 }, () => randomBytes(32))
    const find = sourcedKey(({ kid }) => secrets[Number(kid)])
    const findNth = (index: number) => find({ ...HS256, kid: String(index) })
    const keys = await Promise.all(secrets.slice(0, 64).map((_, index) => findNth(index)))
    expect(await findNth(0)).toBe(keys[0])
    await findNth(64)
    expect(await findNth(0)).toBe(keys[0])
    expect(await findNth(2)).toBe(keys[2])
    const again = await findNth(1)
    expect(again).not.toBe(keys[1])
    expect(again.key.export()).toEqual(secrets[1])
  })
})
