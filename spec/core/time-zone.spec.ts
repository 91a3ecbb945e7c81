import { isTimeZone } from '../../lib/core/time-zone'
import { dateText } from '../../lib/formats/cells/dates'

describe('isTimeZone', () => {
  it.each([
    'Z',
    'UTC',
    'Europe/Madrid',
    '+9',
    '+09',
    '-0930',
    '+09:30',
    '+093015',
    '+09:30:15',
    'UTC+9',
    'GMT-09:30',
    'UT+18',
    '+18:00',
    '-18:00:00',
  ])('accepts %s', (text) => {
    expect(isTimeZone(text)).toBe(true)
  })

  it.each([
    '',
    '9',
    '+',
    'Mars/Olympus',
    // Fields that no clock shows
    '+09:60',
    '-0960',
    '+09:30:60',
    '+99:99',
    // Farther than any place on Earth
    '+18:01',
    '-18:00:01',
    '+19',
    '-23:59',
    'UTC+19',
    // Forms that Java does not read
    '+9:30',
    '+930',
    '+09:3015',
    '+0930:15',
    '+09:',
  ])('refuses %j', (text) => {
    expect(isTimeZone(text)).toBe(false)
  })
})

describe('the furthest offsets', () => {
  it.each([
    ['+18:00', '2020-03-01T06:30:00.000+18:00'],
    ['-18:00', '2020-02-28T18:30:00.000-18:00'],
    ['+99:99', '2020-02-29T12:30:00.000Z'],
  ])('%s gives %s', (timeZone, text) => {
    expect(dateText('2020-02-29T12:30:00Z', timeZone)).toBe(text)
  })
})
