import fc from 'fast-check'
import { dateNanosText, dateText } from '../../../lib/formats/cells/dates'

describe('dateText', () => {
  it.each([
    [new Date('2020-02-29T12:30:30.500Z'), '2020-02-29T12:30:30.500Z'],
    [1582979430500, '2020-02-29T12:30:30.500Z'],
    [1582979430500n, '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T12:30:30.500Z', '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T12:30:30Z', '2020-02-29T12:30:30.000Z'],
    ['2020-02-29T12:30Z', '2020-02-29T12:30:00.000Z'],
    ['2020-02-29T12:30:30', '2020-02-29T12:30:30.000Z'],
    ['2020-02-29', '2020-02-29T00:00:00.000Z'],
    ['2020-02-29T12:30:30.5008009Z', '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T22:30:30.500+10:00', '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T22:30:30.500-0530', '2020-03-01T04:00:30.500Z'],
    [0, '1970-01-01T00:00:00.000Z'],
    [-1, '1969-12-31T23:59:59.999Z'],
    ['1953-09-02T00:00:00Z', '1953-09-02T00:00:00.000Z'],
    [253402300800000, '+10000-01-01T00:00:00.000Z'],
    ['+12345-06-07T08:09:10Z', '+12345-06-07T08:09:10.000Z'],
    [-62167219200000, '0000-01-01T00:00:00.000Z'],
    [-62167219200001, '-0001-12-31T23:59:59.999Z'],
    ['-0044-03-15T00:00:00Z', '-0044-03-15T00:00:00.000Z'],
    [-62135596800000, '0001-01-01T00:00:00.000Z'],
    [9007199254740991, '+287396-10-12T08:59:00.991Z'],
  ])('prints %p in UTC as %s', (value, text) => {
    expect(dateText(value, 'UTC')).toBe(text)
  })

  it.each([
    '',
    'tomorrow',
    '2020-02-30T00:00:00Z',
    '2021-02-29',
    '2020-13-01',
    '2020-01-01T24:00:00Z',
    '12:30',
  ])('passes %p through, which is no date', (text) => {
    expect(dateText(text, 'UTC')).toBe(text)
    expect(dateText(text, 'Europe/Madrid')).toBe(text)
  })

  it.each([
    ['Z', '2020-02-29T12:30:30.500Z'],
    ['UTC', '2020-02-29T12:30:30.500Z'],
    ['Etc/UTC', '2020-02-29T12:30:30.500Z'],
    ['Europe/Madrid', '2020-02-29T13:30:30.500+01:00'],
    ['Europe/London', '2020-02-29T12:30:30.500Z'],
    ['America/St_Johns', '2020-02-29T09:00:30.500-03:30'],
    ['Asia/Kolkata', '2020-02-29T18:00:30.500+05:30'],
    ['Pacific/Chatham', '2020-03-01T02:15:30.500+13:45'],
    ['+10:00', '2020-02-29T22:30:30.500+10:00'],
    ['-0530', '2020-02-29T07:00:30.500-05:30'],
    ['+9', '2020-02-29T21:30:30.500+09:00'],
    ['GMT+02:00', '2020-02-29T14:30:30.500+02:00'],
    ['UTC-3', '2020-02-29T09:30:30.500-03:00'],
    ['+00:00', '2020-02-29T12:30:30.500Z'],
  ])('prints the offset of the zone %s', (timeZone, text) => {
    expect(dateText('2020-02-29T12:30:30.500Z', timeZone)).toBe(text)
    expect(dateText(1582979430500, timeZone)).toBe(text)
  })

  it.each([
    ['the last moment of winter time', '2024-03-31T00:59:59.999Z', '2024-03-31T01:59:59.999+01:00'],
    ['the first moment of summer time', '2024-03-31T01:00:00.000Z', '2024-03-31T03:00:00.000+02:00'],
    ['the first of two equal hours', '2024-10-27T00:30:00.000Z', '2024-10-27T02:30:00.000+02:00'],
    ['the second of two equal hours', '2024-10-27T01:30:00.000Z', '2024-10-27T02:30:00.000+01:00'],
    ['the last moment of local mean time', '1900-12-31T23:59:59.000Z', '1900-12-31T23:45:15.000-00:14'],
  ])('knows %s in Madrid', (_, value, text) => {
    expect(dateText(value, 'Europe/Madrid')).toBe(text)
  })

  it.each([
    ['2000-10-08T12:00:00.000Z', '2000-10-08T10:00:00.000-02:00'],
    ['2000-10-15T12:00:00.000Z', '2000-10-15T09:00:00.000-03:00'],
  ])('follows summer time that was given up after a week: %s in Recife', (value, text) => {
    expect(dateText(value, 'America/Recife')).toBe(text)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 'yesterday', '2020-02-29T1', '2020-02-29T24:00'])(
    'leaves %j as it is',
    (value) => {
      expect(dateText(value, 'UTC')).toBe(String(value))
    },
  )

  it('prints dates of an unknown zone in UTC', () => {
    expect(dateText(1582979430500, 'Mars/Olympus')).toBe('2020-02-29T12:30:30.500Z')
  })

  it('agrees with Date in UTC', () => {
    const dates = fc.date({
      min: new Date(-62167219200000),
      max: new Date(253402300799999),
      noInvalidDate: true,
    })
    fc.assert(
      fc.property(dates, (date) => {
        expect(dateText(date, 'UTC')).toBe(date.toISOString())
        expect(dateText(date.getTime(), 'UTC')).toBe(date.toISOString())
        expect(dateText(date.toISOString().replace(/\.?0*Z$/, '+00:00'), 'UTC')).toBe(date.toISOString())
      }),
    )
  })

  it('shows the wall clock of the zone and names the instant', () => {
    const zones = [
      'Europe/Madrid',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Africa/Casablanca',
    ]
    const dates = fc.date({ min: new Date('1973-01-01'), max: new Date('2037-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(dates, fc.constantFrom(...zones), (date, timeZone) => {
        const text = dateText(date, timeZone)
        expect(Date.parse(text)).toBe(date.getTime())
        expect(text.slice(0, 19)).toBe(wallClock(date, timeZone))
      }),
    )
  })
})

describe('dateNanosText', () => {
  it.each([
    [1582979430500800900n, '2020-02-29T12:30:30.5008009Z'],
    [0n, '1970-01-01T00:00:00.000Z'],
    [1n, '1970-01-01T00:00:00.000000001Z'],
    [-1n, '1969-12-31T23:59:59.999999999Z'],
    [2n ** 63n - 1n, '2262-04-11T23:47:16.854775807Z'],
    [new Date('2020-02-29T12:30:30.500Z'), '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T12:30:30.5008009Z', '2020-02-29T12:30:30.5008009Z'],
    ['2020-02-29T12:30:30.500800900Z', '2020-02-29T12:30:30.5008009Z'],
    ['2020-02-29T12:30:30.500000Z', '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T12:30:30.500Z', '2020-02-29T12:30:30.500Z'],
    ['2020-02-29T12:30:30.100Z', '2020-02-29T12:30:30.100Z'],
    ['2020-02-29T12:30:30Z', '2020-02-29T12:30:30.000Z'],
    ['2020-02-29T12:30:30.123456789+00:00', '2020-02-29T12:30:30.123456789Z'],
    ['soon', 'soon'],
  ])('prints %p in UTC as %s', (value, text) => {
    expect(dateNanosText(value, 'UTC')).toBe(text)
  })

  it('prints the offset of the zone', () => {
    expect(dateNanosText('2020-02-29T12:30:30.5008009Z', 'Europe/Madrid')).toBe(
      '2020-02-29T13:30:30.5008009+01:00',
    )
    expect(dateNanosText(-1n, 'America/New_York')).toBe('1969-12-31T18:59:59.999999999-05:00')
  })

  it('loses no nanosecond', () => {
    const nanos = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(nanos, fc.constantFrom('UTC', '+05:30', 'Europe/Madrid'), (value, timeZone) => {
        const text = dateNanosText(value, timeZone)
        const [, seconds, fraction = '', offset] = /^(.+)\.(\d{3,9})(Z|[+-]\d\d:\d\d)$/.exec(text) ?? []
        // Local mean times have seconds that the offset does not show.
        fc.pre(timeZone !== 'Europe/Madrid' || value > -2177452800000000000n)
        expect(BigInt(Date.parse(`${seconds}${offset}`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))).toBe(
          value,
        )
        expect(dateNanosText(text, timeZone)).toBe(text)
      }),
    )
  })
})

function wallClock(date: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  return format.format(date).replace(' ', 'T')
}
