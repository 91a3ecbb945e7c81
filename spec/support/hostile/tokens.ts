import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { audience, base64url, ecKeys, issuer, rsaKeys, secret, signToken, token } from '../tokens'

const PUBLIC_PEM = rsaKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString()
const PUBLIC_JWK = rsaKeys.publicKey.export({ format: 'jwk' })

/** Far in the future of any run of these specs. */
const EXP = 4_102_444_800

const claims = (more = ''): string =>
  `{"iss":"${issuer}","aud":"${audience}","sub":"alice","exp":${EXP}${more}}`

/** Tokens of alice that must be accepted, whatever else they contain. */
export const strangeToken: fc.Arbitrary<string> = fc.oneof(
  fc
    .constantFrom(
      ',"__proto__":{"sub":"mallory"},"constructor":{"prototype":{}}',
      ',"scope":["cancel_task",null,{}],"roles":{"a":[[[]]]}',
      ',"scope":{"toString":1}',
      ',"nbf":-1e308,"iat":0',
      ',"jti":null,"email":"\\ud800","sub":"alice"',
      `,"nested":${'['.repeat(500)}${']'.repeat(500)}`,
      `,"long":"${'x'.repeat(4_000)}"`,
    )
    .map((more) => signToken(claims(more))),
  fc
    .constantFrom([audience], ['other', audience], [audience, audience])
    .map((aud) => token({ aud, exp: EXP })),
  fc
    .constantFrom(
      { jku: 'http://127.0.0.1:9/keys' },
      { x5u: 'file:///etc/passwd' },
      { jwk: PUBLIC_JWK },
      { x5c: ['AAAA'] },
      { kid: '../../dev/null' },
      { kid: "' OR 1=1 --" },
      { typ: 'at+jwt' },
      { constructor: 'x', toString: null },
    )
    .map((header) => signToken(claims(), { header })),
)

const WRONG_VALUES = [
  'null',
  'true',
  '1',
  '-1',
  '1e999',
  '""',
  '"x"',
  '[]',
  '[null]',
  '[[]]',
  '{}',
  '{"a":1}',
  '"\\u0000"',
]

/** A required claim with a value of the wrong kind. */
const wrongClaim = fc
  .tuple(fc.constantFrom('iss', 'aud', 'sub', 'exp', 'nbf', 'iat'), fc.constantFrom(...WRONG_VALUES))
  .filter(([name, value]) => !isAccepted(name, value))
  .map(([name, value]) => signToken(claims(`,"${name}":${value}`)))

function isAccepted(name: string, value: string): boolean {
  if (name === 'sub') return value === '"x"' || value === '"\\u0000"'
  return (name === 'nbf' || name === 'iat') && (value === '1' || value === '-1')
}

const payload = base64url(claims())

const confused = fc.oneof(
  fc
    .constantFrom(PUBLIC_PEM, PUBLIC_PEM.trim(), JSON.stringify(PUBLIC_JWK), '')
    .chain((text) =>
      fc.constantFrom('HS256', 'HS384', 'HS512').map((algorithm) => [algorithm, text] as const),
    )
    .map(([algorithm, text]) => signWithText(algorithm, text)),
  fc
    .constantFrom(
      'none',
      'None',
      'NONE',
      'nOnE',
      '',
      'RS256 ',
      'rs256',
      'RS512',
      'ES256',
      'PS256',
      '__proto__',
    )
    .map((alg) => `${base64url(JSON.stringify({ alg, typ: 'JWT' }))}.${payload}.${token().split('.')[2]}`),
  fc.constantFrom('none', 'None').map((alg) => `${base64url(JSON.stringify({ alg }))}.${payload}.`),
  fc
    .constantFrom(null, 1, [], ['RS256'], {}, { RS256: 1 })
    .map((alg) => signToken(claims(), { header: { alg } })),
  fc.constant(signToken(claims(), { algorithm: 'ES256', key: ecKeys.ES256.privateKey })),
  fc.constant(signToken(claims(), { algorithm: 'HS256', key: secret })),
  fc
    .constantFrom(
      { crit: ['exp'] },
      { crit: [] },
      { b64: false },
      { b64: true, crit: ['b64'] },
      { typ: 'logout+jwt' },
      { kid: {} },
    )
    .map((header) => signToken(claims(), { header })),
)

/** An accepted token with other bytes, more bytes or fewer bytes. */
const damaged = fc.oneof(
  fc
    .tuple(
      fc.integer({ min: 1, max: 200 }),
      fc.constantFrom('.', '..', ' ', '\t', '=', '\xe9', ',', '"', '%', '\xff\xfe'),
    )
    .map(([at, text]) => {
      const valid = token()
      return valid.slice(0, at) + text + valid.slice(at)
    }),
  fc.integer({ min: 1, max: 600 }).map((length) => token().slice(0, -length)),
  fc.constantFrom(0, 1, 2).map((part) => token().split('.').toSpliced(part, 1).join('.')),
  fc.constantFrom(0, 1, 2).map((part) => token().split('.').toSpliced(part, 1, '').join('.')),
  fc.json({ maxDepth: 2 }).map((text) => `${base64url(text)}.${base64url(text)}.${base64url(text)}`),
  fc.constantFrom('null', '[]', '1', '"x"', '', '{"iss"').map((text) => signToken(text)),
  fc.string({ unit: fc.constantFrom(...'abcXYZ019-_.~+/= '), maxLength: 60 }),
)

/** Tokens that must be refused. */
export const refusedToken: fc.Arbitrary<string> = fc.oneof(wrongClaim, confused, damaged)

/** Signs with a text as the secret, as an attacker does whose victim uses the public key as a secret. */
function signWithText(algorithm: string, text: string): string {
  const signed = `${base64url(JSON.stringify({ alg: algorithm, typ: 'JWT' }))}.${payload}`
  const signature = createHmac(`sha${algorithm.slice(2)}`, text)
    .update(signed)
    .digest('base64url')
  return `${signed}.${signature}`
}

/** A token of alice of about so many characters. It must be accepted unless it is too long. */
export function longToken(length: number): string {
  const missing = length - signToken(claims(',"long":""')).length
  return signToken(claims(`,"long":"${'x'.repeat(Math.floor((missing * 3) / 4))}"`))
}
