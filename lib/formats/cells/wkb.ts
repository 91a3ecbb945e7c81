/** Geometry codes of well-known binary. A third coordinate adds 1000. */
const CODES: Readonly<Record<string, number>> = {
  POINT: 1,
  LINESTRING: 2,
  POLYGON: 3,
  MULTIPOINT: 4,
  MULTILINESTRING: 5,
  MULTIPOLYGON: 6,
  GEOMETRYCOLLECTION: 7,
}
const PARTS: Readonly<Record<string, string>> = {
  MULTIPOINT: 'POINT',
  MULTILINESTRING: 'LINESTRING',
  MULTIPOLYGON: 'POLYGON',
}
const TOKENS = /[(),]|[^\s(),]+/g
const NUMBER = /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?$/i

/** What stands between parentheses: the numbers of a position, or a list of positions, lists and geometries. */
type Body = number | Geometry | Body[]

interface Geometry {
  type: string
  body: Body[]
}

/**
 * Little-endian well-known binary of a geometry in well-known text as Elasticsearch prints it. Its own
 * `BBOX (minX, maxX, maxY, minY)` becomes a polygon, which every reader of well-known binary knows. Written by hand,
 * because libraries for well-known text do not know `BBOX`.
 *
 * Throws a `TypeError` for what is no well-known text. It does not quote the text, which belongs in no log.
 */
export function wktToWkb(text: string): Uint8Array {
  const tokens = text.match(TOKENS) ?? []
  try {
    const geometry = readGeometry(tokens.reverse())
    if (tokens.length > 0) throw new TypeError('more follows the geometry')
    return Buffer.concat(geometryBytes(geometry))
  } catch (cause) {
    throw new TypeError('no well-known text', { cause })
  }
}

/** Consumes tokens from the end of the array. */
function readGeometry(tokens: string[]): Geometry {
  const type = tokens.pop()?.toUpperCase() ?? ''
  if (tokens.at(-1)?.toUpperCase() === 'Z') tokens.pop()
  if (tokens.at(-1)?.toUpperCase() === 'EMPTY') {
    tokens.pop()
    return { type, body: [] }
  }
  if (tokens.pop() !== '(') throw new TypeError('expected a parenthesis')
  return { type, body: readBody(tokens) }
}

/** The comma-separated items up to the closing parenthesis. */
function readBody(tokens: string[]): Body[] {
  const body: Body[] = []
  let end: string | undefined
  do {
    body.push(readItem(tokens))
    end = tokens.pop()
  } while (end === ',')
  if (end !== ')') throw new TypeError('expected a closing parenthesis')
  return body
}

function readItem(tokens: string[]): Body {
  if (tokens.at(-1) === '(') {
    tokens.pop()
    return readBody(tokens)
  }
  if (/^[a-z]/i.test(tokens.at(-1) ?? '')) return readGeometry(tokens)
  const numbers: number[] = []
  while (NUMBER.test(tokens.at(-1) ?? '')) numbers.push(Number(tokens.pop()))
  if (numbers.length === 0) throw new TypeError('expected a number')
  return numbers
}

function geometryBytes({ type, body }: Geometry): Buffer[] {
  if (type === 'BBOX') return geometryBytes({ type: 'POLYGON', body: [boxRing(body)] })
  const code = CODES[type]
  if (code === undefined) throw new TypeError('unknown geometry')
  const size = dimensions(body)
  const header = [Buffer.of(1), uint32(code + (size > 2 ? 1000 : 0))]
  const positions = (items: Body[]) => counted(items, (item) => [position(item, size)])
  switch (type) {
    case 'POINT':
      if (body.length > 1) throw new TypeError('expected one position')
      // Readers take a point without numbers for an empty one.
      return [...header, position(body[0] ?? [Number.NaN, Number.NaN], size)]
    case 'LINESTRING':
      return [...header, ...positions(body)]
    case 'POLYGON':
      return [...header, ...counted(body, (ring) => positions(list(ring)))]
    default:
      return [...header, ...counted(body, (part) => geometryBytes(partGeometry(type, part)))]
  }
}

function partGeometry(type: string, part: Body): Geometry {
  const partType = PARTS[type]
  if (typeof part === 'object' && !Array.isArray(part)) return part
  if (partType === undefined) throw new TypeError('expected a geometry')
  // A point of a MULTIPOINT may stand in parentheses of its own.
  return { type: partType, body: partType === 'POINT' && !Array.isArray(list(part)[0]) ? [part] : list(part) }
}

function boxRing(body: Body[]): Body[] {
  const corners = body.flat()
  if (body.length !== 4 || !corners.every((corner) => typeof corner === 'number') || corners.length !== 4) {
    throw new TypeError('expected four numbers')
  }
  const [minX = 0, maxX = 0, maxY = 0, minY = 0] = corners
  return [
    [minX, minY],
    [maxX, minY],
    [maxX, maxY],
    [minX, maxY],
    [minX, minY],
  ]
}

/** The numbers of the first position. All others must have as many. */
function dimensions(body: Body[]): number {
  const [first] = body
  if (first === undefined) return 2
  if (typeof first === 'number') return body.length
  return dimensions(Array.isArray(first) ? first : first.body)
}

function list(body: Body): Body[] {
  if (!Array.isArray(body)) throw new TypeError('expected a list')
  return body
}

function counted(items: Body[], bytes: (item: Body) => Buffer[]): Buffer[] {
  return [uint32(items.length), ...items.flatMap(bytes)]
}

function position(item: Body, size: number): Buffer {
  const numbers = list(item)
  if (numbers.length !== size || size < 2 || size > 3) throw new TypeError('expected two or three numbers')
  const buffer = Buffer.alloc(numbers.length * 8)
  for (const [index, number] of numbers.entries()) {
    if (typeof number !== 'number') throw new TypeError('expected a number')
    buffer.writeDoubleLE(number, index * 8)
  }
  return buffer
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4)
  buffer.writeUInt32LE(value)
  return buffer
}
