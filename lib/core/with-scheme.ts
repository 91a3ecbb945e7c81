/** An `Authorization` header of a whole one, or of credentials alone, which then are of this scheme. */
export function withScheme(scheme: string, credentials: string): string {
  return credentials.includes(' ') ? credentials : `${scheme} ${credentials}`
}
