/** The fewest bytes that hold an integer in two's complement, the highest first: Java's `BigInteger.toByteArray`. */
export function integerBytes(value: bigint): Uint8Array {
  let size = 1
  while (BigInt.asIntN(size * 8, value) !== value) size++
  const hex = BigInt.asUintN(size * 8, value).toString(16)
  return Buffer.from(hex.padStart(size * 2, '0'), 'hex')
}
