/** People of every double, so that no client has to make a token. */
const PEOPLE = ['alice', 'mallory'] as const

export type Tokens = Readonly<Record<(typeof PEOPLE)[number], string>>

/** The issuer that the tokens name. Nobody has such a host. */
const ISSUER = 'https://double.invalid'

/** Tokens that are the same each time: JWTs that nobody has signed, for clients that look into theirs. */
export function tokensOf(session?: string): Tokens {
  const made = PEOPLE.map((sub) => [
    sub,
    unsigned({ iss: ISSUER, sub, ...(session !== undefined && { session }) }),
  ])
  return Object.fromEntries(made)
}

function unsigned(claims: object): string {
  const parts = [{ alg: 'none', typ: 'JWT' }, claims]
  return `${parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`
}
