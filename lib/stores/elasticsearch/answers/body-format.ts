/** The formats whose bodies have an id and a state, and that errors are written in. */
export type ObjectFormat = 'json' | 'yaml' | 'cbor' | 'smile'

const OBJECT_TYPE = /^application\/(?:vnd\.elasticsearch\+)?(json|yaml|cbor|smile)\s*(?:;|$)/i

/** The format that a Content-Type names, if it is one of objects. */
export function objectFormatOf(contentType: string | undefined): ObjectFormat | undefined {
  const [, format] = OBJECT_TYPE.exec(contentType ?? '') ?? []
  return format?.toLowerCase() as ObjectFormat | undefined
}
