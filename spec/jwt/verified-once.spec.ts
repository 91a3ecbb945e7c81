import { jwtCaller } from '../../lib/jwt/jwt-caller'
import { incomingRequest } from '../support/incoming-request'
import { jwtOptions, token } from '../support/tokens'

const verifications: string[] = []

// The real library, watched: whether it is asked is what this is about.
jest.mock('jsonwebtoken', () => {
  const real = jest.requireActual<typeof import('jsonwebtoken')>('jsonwebtoken')
  return {
    ...real,
    verify: (...args: Parameters<typeof real.verify>) => {
      verifications.push(args[0])
      return real.verify(...args)
    },
  }
})

describe('a token', () => {
  it('is verified once, however often it comes, as long as it is accepted', async () => {
    const caller = jwtCaller(jwtOptions)
    const [good, bad] = [token(), token({ aud: 'others' })]
    const ask = async (jwt: string) => caller(await incomingRequest({ Authorization: `Bearer ${jwt}` }))
    for (const _ of [1, 2, 3]) expect(await ask(good)).toMatchObject({ canCancelTasks: false })
    for (const _ of [1, 2]) await expect(ask(bad)).rejects.toMatchObject({ status: 401 })
    expect(verifications).toEqual([good, bad, bad])
  })
})
