import { Encoder } from 'cbor-x'
import { stringify } from 'yaml'
import type { ValueObject } from '../../lib/core/result'
import type { ObjectFormat } from '../../lib/formats/formats'
import { writeObject } from '../../lib/formats/formats'

const cbor = new Encoder({ useRecords: false, mapsAsObjects: true })

/**
 * A body in each format, by the encoders that clients use. JavaScript has no encoder for SMILE: the one of this package is held
 * against `smile-js`.
 */
export const ENCODERS: Readonly<Record<ObjectFormat, (body: ValueObject) => Buffer>> = {
  json: (body) => Buffer.from(writeObject('json', body)),
  yaml: (body) => Buffer.from(stringify(body, { aliasDuplicateObjects: false })),
  cbor: (body) => cbor.encode(body),
  smile: (body) => Buffer.from(writeObject('smile', body)),
}
