import fc from 'fast-check'
import { wktToWkb } from '../../../lib/formats/cells/wkb'

describe('wktToWkb', () => {
  it.each([
    ['POINT (12.0 56.0)', '010100000000000000000028400000000000004c40'],
    ['POINT (1.0E-4 -2.5E7)', '01010000002d431cebe2361a3f0000000084d777c1'],
    ['LINESTRING (0.0 0.0, 1.0 2.0)', `0102000000 02000000 ${xy(0, 0)} ${xy(1, 2)}`],
    ['LINESTRING EMPTY', '0102000000 00000000'],
    ['POINT EMPTY', '0101000000 000000000000f87f 000000000000f87f'],
    ['POINT (1.0 2.0 3.0)', `01e9030000 ${xy(1, 2, 3)}`],
    ['POINT Z (1.0 2.0 3.0)', `01e9030000 ${xy(1, 2, 3)}`],
  ])('encodes %s', (wkt, hex) => {
    expect(hexOf(wktToWkb(wkt))).toBe(hex.replaceAll(' ', ''))
  })

  it.each([
    [
      'POLYGON ((0.0 0.0, 9.0 0.0, 9.0 9.0, 0.0 0.0), (1.0 1.0, 2.0 1.0, 2.0 2.0, 1.0 1.0))',
      '{"type":3,"body":[[[0,0],[9,0],[9,9],[0,0]],[[1,1],[2,1],[2,2],[1,1]]]}',
    ],
    ['MULTIPOINT (1.0 2.0, 3.0 4.0)', '{"type":4,"body":[{"type":1,"body":[1,2]},{"type":1,"body":[3,4]}]}'],
    [
      'MULTIPOINT ((1.0 2.0),(3.0 4.0))',
      '{"type":4,"body":[{"type":1,"body":[1,2]},{"type":1,"body":[3,4]}]}',
    ],
    [
      'MULTILINESTRING ((1.0 2.0, 3.0 4.0),(5.0 6.0, 7.0 8.0))',
      '{"type":5,"body":[{"type":2,"body":[[1,2],[3,4]]},{"type":2,"body":[[5,6],[7,8]]}]}',
    ],
    [
      'MULTIPOLYGON (((0.0 0.0, 1.0 0.0, 1.0 1.0, 0.0 0.0)),((5.0 5.0, 6.0 5.0, 6.0 6.0, 5.0 5.0)))',
      '{"type":6,"body":[{"type":3,"body":[[[0,0],[1,0],[1,1],[0,0]]]},{"type":3,"body":[[[5,5],[6,5],[6,6],[5,5]]]}]}',
    ],
    [
      'GEOMETRYCOLLECTION (POINT (1.0 2.0),LINESTRING (3.0 4.0, 5.0 6.0))',
      '{"type":7,"body":[{"type":1,"body":[1,2]},{"type":2,"body":[[3,4],[5,6]]}]}',
    ],
    ['GEOMETRYCOLLECTION EMPTY', '{"type":7,"body":[]}'],
    ['MULTIPOLYGON EMPTY', '{"type":6,"body":[]}'],
    ['BBOX (10.0, 12.0, 4.0, 3.0)', '{"type":3,"body":[[[10,3],[12,3],[12,4],[10,4],[10,3]]]}'],
  ])('encodes %s', (wkt, geometry) => {
    expect(JSON.stringify(decode(wktToWkb(wkt)))).toBe(geometry)
  })

  it.each([
    '',
    '12,56',
    'POINT 1 2',
    'POINT (1 2',
    'POINT ()',
    'POINT ((1 2))',
    'POINT (1 2) POINT (1 2)',
    'LINESTRING (1 2; 3 4)',
    'POLYGON (1 2, 3 4)',
    'CIRCLE (1 2 3)',
    'BBOX (1, 2, 3)',
    'GEOMETRYCOLLECTION (1 2)',
    'POINT (1)',
    'POINT (1 2 3 4)',
    'POINT (1.2.3)',
    'POINT (1 2, 3 4)',
    'LINESTRING (0 0, 1 1 1)',
    'BBOX (1 2, 3 4)',
  ])('refuses %p', (text) => {
    expect(() => wktToWkb(text)).toThrow('no well-known text')
  })

  it('keeps every coordinate exact', () => {
    const coordinate = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, coordinate), { minLength: 1 }), (positions) => {
        const wkt = `LINESTRING (${positions.map(([x, y]) => `${text(x)} ${text(y)}`).join(', ')})`
        expect(decode(wktToWkb(wkt))).toEqual({ type: 2, body: positions })
      }),
    )
  })
})

interface Geometry {
  type: number
  body: unknown[]
}

function text(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value)
}

function xy(...coordinates: number[]): string {
  return hexOf(new Uint8Array(Float64Array.from(coordinates).buffer))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Reads two-dimensional well-known binary, as a check that knows nothing of the writer. */
function decode(bytes: Uint8Array): Geometry {
  const buffer = Buffer.from(bytes)
  let offset = 0
  const geometry = read()
  expect(offset).toBe(buffer.length)
  return geometry

  function read(): Geometry {
    expect(buffer.readUInt8(offset)).toBe(1)
    const type = buffer.readUInt32LE(offset + 1)
    offset += 5
    const bodies: Record<number, () => unknown[]> = {
      1: position,
      2: () => many(position),
      3: () => many(() => many(position)),
    }
    return { type, body: (bodies[type] ?? (() => many(read)))() }
  }

  function many<T>(item: () => T): T[] {
    const count = buffer.readUInt32LE(offset)
    offset += 4
    return Array.from({ length: count }, item)
  }

  function position(): number[] {
    offset += 16
    return [buffer.readDoubleLE(offset - 16), buffer.readDoubleLE(offset - 8)]
  }
}
