import fc from 'fast-check'
import { ipBytes } from '../../../lib/formats/arrow/arrow-columns'

describe('ipBytes', () => {
  it.each([
    ['127.0.0.1', '7f000001'],
    ['0.0.0.0', '00000000'],
    ['255.254.253.252', 'fffefdfc'],
    ['::ffff:10.0.0.1', '0a000001'],
    ['::ffff:a00:1', '0a000001'],
    ['::', '00000000000000000000000000000000'],
    ['::1', '00000000000000000000000000000001'],
    ['fe80::', 'fe800000000000000000000000000000'],
    ['fe80::cae2:65ff:fece:feb9', 'fe80000000000000cae265fffecefeb9'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['64:ff9b::192.0.2.33', '0064ff9b0000000000000000c0000221'],
    ['::10.0.0.1', '0000000000000000000000000a000001'],
  ])('encodes %s as %s', (text, hex) => {
    expect(Buffer.from(ipBytes(text)).toString('hex')).toBe(hex)
  })

  it.each(['', '1.2.3', '256.0.0.1', 'localhost', ':::', '1:2:3'])('refuses %p', (text) => {
    expect(() => ipBytes(text)).toThrow(`[${text}] is no ip address`)
  })

  it('gives each IPv6 address its bytes, as the URL parser does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const groups = new URL(`http://[${text}]`).hostname.slice(1, -1)
        expect(ipBytes(groups)).toEqual(ipBytes(text))
        if (!groups.includes('::')) {
          const bytes = groups.split(':').map((group) => group.padStart(4, '0'))
          expect(Buffer.from(ipBytes(text)).toString('hex')).toBe(bytes.join(''))
        }
      }),
    )
  })
})
