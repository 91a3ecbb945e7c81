import { isIPv4 } from 'node:net'
import fc from 'fast-check'
import { ipBytes } from '../../../lib/formats/arrow/arrow-columns'
import { normalIp } from '../../../lib/formats/cells/normal'

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
    expect(Buffer.from(ipBytes(String(normalIp(text)))).toString('hex')).toBe(hex)
  })

  it('gives each IPv6 address its bytes, as the URL parser does', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const groups = new URL(`http://[${text}]`).hostname.slice(1, -1)
        const form = String(normalIp(text))
        expect(isIPv4(form) || form === groups).toBe(true)
        if (!groups.includes('::')) {
          const bytes = groups.split(':').map((group) => group.padStart(4, '0'))
          expect(Buffer.from(ipBytes(form)).toString('hex')).toBe(bytes.join(''))
        }
      }),
    )
  })
})
