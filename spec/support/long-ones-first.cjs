const path = require('node:path')
const Sequencer = require('@jest/test-sequencer').default

/**
 * What takes long, beginning with what does. The soak mostly waits, so it never stands alone at the end. Those that weigh
 * the heap are fast while the heap of their process is small.
 */
const FIRST = [
  'system/soak',
  'stores/execution/weight',
  'stores/memory/leaks',
  'json/parse',
  'system/memory',
  'system/server',
  'system/faults',
  'system/large-results',
  'verify/broken-servers',
  'system/verify',
  'system/older-cluster',
]

const SPEC = path.join(__dirname, '..')

module.exports = class LongOnesFirst extends Sequencer {
  sort(tests) {
    const place = (test) => {
      const name = path.relative(SPEC, test.path).replaceAll(path.sep, '/').replace('.spec.ts', '')
      return FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length
    }
    return [...super.sort(tests)].sort((one, other) => place(one) - place(other))
  }
}
