const MainRealm: new () => {
  fakeTimersModern: { useFakeTimers(): void }
  teardown(): Promise<void>
} = require('./main-realm.cjs')

describe('the realm of specs', () => {
  it('puts back what a spec has changed of the globals and of the process', async () => {
    const { URL } = globalThis
    const { env: before, getBuiltinModule } = process
    const { HOME } = before
    const folder = process.cwd()
    const listeners = process.listeners('SIGUSR2')
    const realm = new MainRealm()
    Object.assign(globalThis, { URL: class {}, ours: 1 })
    Object.assign(process.env, { HOME: 'elsewhere', OURS: '1' })
    process.exitCode = 9
    process.env = {}
    Object.assign(process, { getBuiltinModule: () => {} })
    process.chdir('/')
    process.on('SIGUSR2', () => {})
    await realm.teardown()
    const { env, exitCode } = process
    expect([globalThis.URL, 'ours' in globalThis]).toEqual([URL, false])
    expect([env === before, env.HOME, env.OURS]).toEqual([true, HOME, undefined])
    expect([exitCode, process.getBuiltinModule, process.cwd()]).toEqual([undefined, getBuiltinModule, folder])
    expect(process.listeners('SIGUSR2')).toEqual(listeners)
  })

  it('refuses fake timers, which Node.js would use too', () => {
    expect(() => new MainRealm().fakeTimersModern.useFakeTimers()).toThrow('@jest-environment node')
  })

  it('has one copy of a library for all specs, and one of our modules for each', () => {
    const [yaml, errors] = [require('yaml'), require('../../lib/core/errors')]
    expect(new yaml.YAMLParseError([0, 0], 'BAD_ALIAS', '')).toBeInstanceOf(Error)
    jest.isolateModules(() => {
      expect(require('yaml')).toBe(yaml)
      expect(require('../../lib/core/errors')).not.toBe(errors)
    })
  })
})
