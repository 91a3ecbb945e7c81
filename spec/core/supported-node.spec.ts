import { engines } from '../../package.json'

/** Runs the check under another version of Node.js. */
function load(version: string): void {
  const { versions } = process
  Object.defineProperty(process, 'versions', { value: { ...versions, node: version } })
  try {
    jest.isolateModules(() => require('../../lib/core/supported-node'))
  } finally {
    Object.defineProperty(process, 'versions', { value: versions })
  }
}

describe('the check of the Node.js version', () => {
  it.each(['0.12.18', '4.9.1', '14.21.3', '18.20.8', '20.0.0', '20.11.1', '20.18.3', '21.0.0', '21.6.2'])(
    'refuses %s by name',
    (version) => {
      expect(() => load(version)).toThrow(
        new Error(`express-esql-async-query needs Node.js 20.19, 21.7 or later, and this is ${version}`),
      )
    },
  )

  it.each(['20.19.0', '20.20.2', '21.7.0', '22.0.0', '22.22.1', '24.1.0', '26.0.0', '100.0.0'])(
    'takes %s',
    (version) => {
      expect(() => load(version)).not.toThrow()
    },
  )

  it('says what package.json says', () => {
    expect(engines.node).toBe('^20.19.0 || >=21.7.0')
  })
})
