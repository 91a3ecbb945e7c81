import { CHECKS } from '../../lib/verify/all-checks'
import { GROUPS, groupOf } from '../../lib/verify/check'
import type { CheckSelection } from '../../lib/verify/selection'
import { createSelection } from '../../lib/verify/selection'

function chosen(selection: CheckSelection): string[] {
  const select = createSelection(selection, CHECKS)
  return CHECKS.filter((check) => select(check) === undefined).map(({ name }) => name)
}

describe('a selection of checks', () => {
  it.each<[CheckSelection, RegExp]>([
    [{}, /./],
    [{ only: ['life'] }, /^life\./],
    [{ only: ['life.stop'] }, /^life\.stop\./],
    [{ only: ['stop'] }, /\.stop\./],
    [{ only: ['life.stop.ends', 'wire.405'] }, /^(life\.stop\.ends$|wire\.405\.)/],
    [{ only: ['life'], skip: ['stop', 'life.delete'] }, /^life\.(?!stop|delete)/],
  ])('%j has just what its words name', (selection, pattern) => {
    const names = CHECKS.map(({ name }) => name).filter((name) => pattern.test(name))
    expect(chosen(selection)).toEqual(names)
    expect(names).not.toEqual([])
  })

  it.each([
    ['lif', 'no check is named `lif`; did you mean life?'],
    ['life.st', 'no check is named `life.st`; did you mean life?'],
    ['xyzzy-plugh', 'no check is named `xyzzy-plugh`'],
  ])('refuses the word %s', (word, message) => {
    expect(() => chosen({ skip: [word] })).toThrow(new TypeError(message))
  })
})

describe('the checks', () => {
  it('have names of their own, each in a group', () => {
    const names = CHECKS.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(names.filter((name) => !/^[a-z]+(\.[a-z0-9-]+){2}$/.test(name))).toEqual([])
    expect([...new Set(CHECKS.map(groupOf))]).toEqual(GROUPS)
  })

  it('stand in the group of their names', () => {
    expect(CHECKS.filter((check) => !check.name.startsWith(groupOf(check)))).toEqual([])
  })
})
