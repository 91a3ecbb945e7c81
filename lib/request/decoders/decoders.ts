import type { Work } from '../../core/turns'
import type { ObjectFormat } from '../../formats/formats'
import { cborToJson } from './cbor'
import { smileToJson } from './smile'
import { yamlToJson } from './yaml'

/** A format of bodies that is not JSON. */
export type OtherFormat = Exclude<ObjectFormat, 'json'>

/**
 * Writes the bytes of a body down as JSON text, exactly. Throws `x_content_parse_exception` for bytes that are malformed, and
 * `too_long_http_content_exception` where the JSON gets longer than `maxLength`.
 */
export type Decode = (bytes: Buffer, maxLength?: number) => Work<string>

const DECODERS: Readonly<Record<OtherFormat, () => Decode>> = {
  yaml: () => {
    const yaml = loadYaml()
    return (bytes) => yamlToJson(yaml, bytes)
  },
  cbor: () => cborToJson,
  smile: () => smileToJson,
}

/** The decoder of a format. Throws a {@link MissingPackageError} if it needs a package that is not installed. */
export function loadDecoder(format: OtherFormat): Decode {
  return DECODERS[format]()
}

/** For the log: the client cannot help it. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError'
}

/** The package is large and serves few clients: it is optional, and the first body in YAML loads it. */
function loadYaml(): typeof import('yaml') {
  try {
    // Not `import()`: test runners that run CommonJS in a context of their own refuse it.
    return require('yaml')
  } catch (cause) {
    const message =
      'request bodies in YAML need the package `yaml`, which is not installed: run `npm install yaml`'
    throw new MissingPackageError(message, { cause })
  }
}
