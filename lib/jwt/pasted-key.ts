import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { unescape as percentDecoded } from 'node:querystring'
import { parsedJson } from '../core/is-object'

/** A PEM with escaped line breaks, in a JSON text, in base64, in quotes: no more layers than people paste. */
const MOST_LAYERS = 4

/**
 * What bytes may stand for: themselves, and what is left when any layers of quotes, escapes, UTF-16, percent signs,
 * hexadecimal digits and base64 are removed.
 */
export function* pastedForms(bytes: Buffer, layers = MOST_LAYERS): Generator<Buffer> {
  yield bytes
  if (layers === 0) return
  for (const form of unwrapped(bytes)) {
    if (form.length > 0 && !form.equals(bytes)) yield* pastedForms(form, layers - 1)
  }
}

function* unwrapped(bytes: Buffer): Generator<Buffer> {
  // Keys are ASCII. Byte order marks, the zeros of UTF-16 and the blanks of web pages are not.
  const ascii = bytes.toString('latin1').replace(/[^\t\n\r -~]/g, '')
  const text = ascii.trim()
  yield Buffer.from(text)
  const json = parsedJson(text)
  if (typeof json === 'string') yield Buffer.from(json)
  const unquoted = text.replace(/^(["'`])(.*)\1$/s, '$2')
  yield Buffer.from(
    unquoted.replace(/\\+([rn"'/])/g, (_, escaped) => (/[rn]/.test(escaped) ? '\n' : escaped)),
  )
  if (/%[\da-f]{2}/i.test(text)) yield Buffer.from(percentDecoded(text))
  const digits = text.replace(/0x|[\s:,]/g, '')
  if (/^([\da-f]{2})+$/i.test(digits)) yield Buffer.from(digits, 'hex')
  for (const run of text.match(/[\w+/-][\w+/\s-]{38,}/g) ?? []) yield Buffer.from(run, 'base64')
}

/** PEM, and public keys of SSH and of .NET, which are unreadable here and must not pass for secrets. */
const ARMORED = /---- ?BEGIN |\bBEGIN [A-Z\d ]*(KEY|CERTIFICATE)|\b(ssh|ecdsa|sk)-\S+ +AAAA|<RSAKeyValue>/

/** The same key of SSH in binary: its length, then its type. */
const SSH_BLOB = /^\0{3}.(ssh|ecdsa|sk)-/s

/** Whether bytes are a key or certificate, be it one that {@link readPublicKey} cannot read. */
export function looksLikeKey(bytes: Buffer): boolean {
  const text = bytes.toString('latin1')
  return ARMORED.test(text) || SSH_BLOB.test(text) || isLongSequence(bytes)
}

/** A whole ASN.1 sequence of 128 to 65,535 bytes, which chance does not make. */
function isLongSequence(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30 || bytes.length < 128) return false
  if (bytes[1] === 0x81) return bytes[2] === bytes.length - 3
  return bytes[1] === 0x82 && bytes.readUInt16BE(2) === bytes.length - 4
}

/** Each throws for bytes of another form. */
const READERS: readonly ((key: Buffer) => KeyObject)[] = [
  ...(['spki', 'pkcs1'] as const).map(
    (type) => (key: Buffer) => createPublicKey({ key, format: 'der', type }),
  ),
  (key) => new X509Certificate(key).publicKey,
  ...(['pkcs8', 'pkcs1', 'sec1'] as const).map(
    (type) => (key: Buffer) => createPublicKey(createPrivateKey({ key, format: 'der', type })),
  ),
  readPoint,
]

/** Reads PEM, DER and points of elliptic curves. Of a private key, it takes the public half. */
export function readPublicKey(bytes: Buffer): KeyObject | undefined {
  const blocks = bytes.toString('latin1').matchAll(/-----BEGIN [^-]+-----(.*?)-----END /gs)
  for (const key of [...Array.from(blocks, ([, body = '']) => Buffer.from(body, 'base64')), bytes]) {
    // An ASN.1 sequence, or an uncompressed point.
    for (const read of key[0] === 0x30 || key[0] === 4 ? READERS : []) {
      try {
        return read(key)
      } catch {
        // The next one may.
      }
    }
  }
  return undefined
}

/** Bytes that are no point do not lie on the curve. */
function readPoint(bytes: Buffer): KeyObject {
  const crv = { 65: 'P-256', 97: 'P-384', 133: 'P-521' }[bytes.length] ?? ''
  const middle = (bytes.length + 1) / 2
  const [x, y] = [bytes.toString('base64url', 1, middle), bytes.toString('base64url', middle)]
  return createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' })
}
