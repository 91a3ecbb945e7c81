import { abbreviated } from '../core/errors'

/** Clients know the warnings of Elasticsearch by this beginning. No build of Elasticsearch has written these. */
const AGENT = '299 Elasticsearch-9.5.0-unknown'

/** The bytes that all warnings of an answer may take. Node.js clients take 16 KiB for all headers together. */
const MAX_BYTES = 8 * 1_024

/**
 * The `Warning` headers of an answer, in Elasticsearch's form. Each text is there once, a long one is cut, and those for
 * which there is no room are left out.
 */
export function warningHeaders(warnings: readonly string[]): string[] {
  const lines = new Set<string>()
  let bytes = 0
  for (const text of warnings) {
    const line = `${AGENT} "${escaped(abbreviated(text))}"`
    if (lines.has(line)) continue
    bytes += 'Warning: \r\n'.length + line.length
    if (bytes > MAX_BYTES) break
    lines.add(line)
  }
  return [...lines]
}

/** Quotes and backslashes get a backslash. What no header can hold is percent-encoded, and so is the percent sign. */
function escaped(text: string): string {
  return text
    .replace(/["\\]/g, '\\$&')
    .replace(/[^\t\x20-\x24\x26-\x7e\x80-\xff]+/g, (characters) =>
      Array.from(
        Buffer.from(characters),
        (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
      ).join(''),
    )
}
