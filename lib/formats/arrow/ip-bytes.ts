import { isIPv4, isIPv6 } from 'node:net'

/** The bytes of an ip address: four for IPv4, also where it is mapped into IPv6, and sixteen for IPv6. */
export function ipBytes(text: string): Uint8Array {
  if (isIPv4(text)) return Uint8Array.from(text.split('.'), Number)
  if (!isIPv6(text)) throw new Error(`[${text}] is no ip address`)
  const bytes = ipv6Bytes(text)
  const isMapped = bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff
  return isMapped ? bytes.subarray(12) : bytes
}

function ipv6Bytes(text: string): Buffer {
  const [head = '', tail] = text.replace(/[\d.]+$/, ipv4Groups).split('::')
  const first = groupsOf(head)
  const last = groupsOf(tail ?? '')
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  const groups = [...first, ...zeros, ...last]
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex')
}

/** The last two groups may be written as an IPv4 address. */
function ipv4Groups(end: string): string {
  if (!end.includes('.')) return end
  const hex = Buffer.from(end.split('.').map(Number)).toString('hex')
  return `${hex.slice(0, 4)}:${hex.slice(4)}`
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':')
}
