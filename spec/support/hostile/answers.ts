/** One answer as it went over the wire. */
export interface RawAnswer {
  status: number
  /** From the status line to the blank line, as received. */
  head: string
  headers: Record<string, string>
  body: Buffer
}

/** Whether these headers belong to the answer to a HEAD request, which has no body. */
export type IsBodiless = (headers: Readonly<Record<string, string>>) => boolean

/**
 * Splits everything that a server sent on one connection into answers, strictly by RFC 9112. Throws on any violation.
 * Interim answers (100 Continue) are left out.
 */
export function readAnswers(bytes: Buffer, isBodiless: IsBodiless): RawAnswer[] {
  const answers: RawAnswer[] = []
  let at = 0
  while (at < bytes.length) {
    const read = readAnswer(bytes, at, isBodiless)
    if (!read) throw new Error(`An answer is cut off: ${JSON.stringify(bytes.toString('latin1', at))}`)
    if (read.answer.status >= 200) answers.push(read.answer)
    at = read.end
  }
  return answers
}

function readAnswer(
  bytes: Buffer,
  start: number,
  isBodiless: IsBodiless,
): { answer: RawAnswer; end: number } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n', start)
  if (headEnd < 0) return undefined
  const head = bytes.toString('latin1', start, headEnd + 4)
  const [, statusText] = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/.exec(head) ?? []
  if (statusText === undefined) throw new Error(`No answer begins like this: ${JSON.stringify(head)}`)
  const status = Number(statusText)
  const headers = readHeaders(head)
  const body = readBody(bytes, headEnd + 4, status, headers, isBodiless(headers))
  return body && { answer: { status, head, headers, body: body.body }, end: body.end }
}

function readHeaders(head: string): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of head.split('\r\n').slice(1, -2)) {
    const [, name, value] = /^([\w!#$%&'*+\-.^`|~]+): ?([\t\x20-\x7e\x80-\xff]*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw new Error(`No header is like this: ${line}`)
    const key = name.toLowerCase()
    if (Object.hasOwn(headers, key)) throw new Error(`The header ${name} was sent twice`)
    headers[key] = value
  }
  return headers
}

type Body = { body: Buffer; end: number } | undefined

function readBody(
  bytes: Buffer,
  start: number,
  status: number,
  headers: Readonly<Record<string, string>>,
  isBodiless: boolean,
): Body {
  if (isBodiless || status < 200 || status === 204 || status === 304) {
    return { body: Buffer.alloc(0), end: start }
  }
  if (headers['transfer-encoding'] !== undefined) return readChunks(bytes, start)
  if (headers['content-length'] !== undefined) {
    const end = start + Number(headers['content-length'])
    return end <= bytes.length ? { body: bytes.subarray(start, end), end } : undefined
  }
  return { body: bytes.subarray(start), end: bytes.length }
}

function readChunks(bytes: Buffer, start: number): Body {
  const chunks: Buffer[] = []
  let at = start
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size
    if (end + 2 > bytes.length) return undefined
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') throw new Error('A chunk does not end')
    if (size === 0) return { body: Buffer.concat(chunks), end: end + 2 }
    chunks.push(bytes.subarray(lineEnd + 2, end))
    at = end + 2
  }
}
