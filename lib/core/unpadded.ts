/** An id without the padding at its end, which it may have lost on its way. */
export function unpadded(id: string): string {
  return id.replace(/=+$/, '')
}
