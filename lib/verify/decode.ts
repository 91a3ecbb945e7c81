import { atOnce } from '../core/turns'
import { parseJson } from '../json/parse'
import { loadDecoder } from '../request/decoders/decoders'
import { Skip } from './answer'

export type OtherFormat = 'yaml' | 'cbor' | 'smile'

/** The value of an answer, with all digits of its integers. Throws a {@link Skip} if a package for it is missing. */
export function decodeAnswer(format: OtherFormat, body: Buffer): unknown {
  if (format === 'yaml')
    return loadYaml().parse(body.toString('utf8'), { intAsBigInt: true, maxAliasCount: 0 })
  return parseJson(atOnce(loadDecoder(format)(body)))?.value
}

/** Answers may be longer than the bodies of requests that the package reads in YAML. */
function loadYaml(): typeof import('yaml') {
  try {
    return require('yaml')
  } catch {
    throw new Skip('the package `yaml` is not installed')
  }
}
