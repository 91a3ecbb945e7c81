import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { shareShape } from '../../lib/core/shapes'
import { buildPackage } from '../support/server-process'

/**
 * Asks V8 about the last two of some requests, in a process of its own: what ran before decides about shapes too. Node.js still settles
 * on shapes of its own during the first ones.
 */
const SCRIPT = `
const [, modules, file] = process.argv
const express = require(require.resolve('express', { paths: [modules] }))
const { shareShape } = require(file)
const http = require('node:http')
const held = []
const app = express()
app.use((request, response) => {
  held.push([request, response])
  if (held.length < 20) return ask()
  for (const [request, response] of held) {
    shareShape(request, 'res')
    shareShape(response, 'req')
  }
  const [[one, oneResponse], [otherRequest, otherResponse]] = held.slice(-2)
  console.log(%HaveSameMap(one, otherRequest), %HaveSameMap(oneResponse, otherResponse))
  process.exit()
})
const server = app.listen(0, '127.0.0.1', () => ask())
const ask = () => http.get({ port: server.address().port, host: '127.0.0.1', agent: false }).on('error', () => {})
`

describe('shareShape', () => {
  it('gives requests of Express a shape that they share, and responses too', () => {
    const built = buildPackage()
    try {
      const file = path.join(built.folder, 'dist', 'core', 'shapes.js')
      const flags = ['--allow-natives-syntax', '-e', SCRIPT]
      const output = execFileSync(process.execPath, [...flags, __dirname, file], { encoding: 'utf8' })
      expect(output).toBe('true true\n')
    } finally {
      built.remove()
    }
  }, 120_000)

  it('changes nothing that an object holds', () => {
    const marked = {
      name: 1,
      other: Symbol('value'),
      get computed() {
        return 2
      },
    }
    const before = Object.getOwnPropertyDescriptors(marked)
    shareShape(marked, 'name')
    expect(Object.getOwnPropertyDescriptors(marked)).toEqual(before)
  })

  it('leaves an object alone that allows no change', () => {
    const frozen = Object.freeze({ name: 1 })
    shareShape(frozen, 'name')
    expect(frozen).toEqual({ name: 1 })
  })
})
