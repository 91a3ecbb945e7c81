const USERS = new Map(
  ['alice:wonderland', 'mallory:looking-glass'].map((user) => [
    `Basic ${btoa(user)}`,
    { owner: user.split(':')[0] },
  ]),
)

/** Who asks, by a list of passwords. A gateway of yours checks tokens, as `../gateway` does. */
export const resolveCaller = ({ headers: { authorization } }) => USERS.get(authorization)
