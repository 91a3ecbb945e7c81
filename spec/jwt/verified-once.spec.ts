import { jwtCaller } from '../../lib/jwt/jwt-caller'
import { incomingRequest } from '../support/incoming-request'
import { jwtOptions, token } from '../support/tokens'

const verifications: string[] = []

// Watches the real library, because this spec checks whether it is called.
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
  it('is verified once while it is accepted, however often it comes', async () => {
    const caller = jwtCaller(jwtOptions)
    const [good, bad] = [token(), token({ aud: 'others' })]
    const ask = async (jwt: string) => caller(await incomingRequest({ Authorization: `Bearer ${jwt}` }))
    for (const _ of [1, 2, 3]) expect(await ask(good)).toMatchObject({ canCancelTasks: false })
    for (const _ of [1, 2]) await expect(ask(bad)).rejects.toMatchObject({ status: 401 })
    expect(verifications).toEqual([good, bad, bad])
  })
})
