import {
  assertKnownParameters,
  ownParameters,
  readFlag,
  readOptionalBoolean,
} from '../../lib/request/parameters'
import { parseQueryString } from '../../lib/request/url'

describe('readFlag', () => {
  it.each([
    ['', false],
    ['pretty', true],
    ['pretty=', true],
    ['pretty=true', true],
    ['pretty=false', false],
    ['pretty=+', false],
  ])('reads %j as %s', (text, value) => {
    expect(readFlag(parseQueryString(text), 'pretty')).toBe(value)
  })

  it.each(['pretty=TRUE', 'pretty=1', 'pretty=yes', 'pretty=true+'])('refuses %j', (text) => {
    expect(() => readFlag(parseQueryString(text), 'pretty')).toThrow(
      expect.objectContaining({ type: 'illegal_argument_exception' }),
    )
  })
})

describe('readOptionalBoolean', () => {
  it.each([
    ['', undefined],
    ['x', undefined],
    ['x=', undefined],
    ['x=true', true],
    ['x=false', false],
  ])('reads %j as %s', (text, value) => {
    expect(readOptionalBoolean(parseQueryString(text), 'x')).toBe(value)
  })
})

describe('assertKnownParameters', () => {
  it.each([
    [
      'submit',
      'allow_partial_results&drop_null_columns&delimiter&format&pretty&human&error_trace&filter_path',
    ],
    ['get', 'id&keep_alive&wait_for_completion_timeout&drop_null_columns&delimiter&format'],
    ['head', 'keep_alive&wait_for_completion_timeout'],
    ['stop', 'drop_null_columns&delimiter&format&pretty'],
    ['delete', 'format&pretty&human&error_trace&filter_path'],
  ] as const)('accepts for %s the parameters %s', (operation, names) => {
    expect(() => assertKnownParameters(operation, parseQueryString(names), '/p')).not.toThrow()
  })

  it.each([
    [
      'submit',
      'allow_partial_result',
      'parameter: [allow_partial_result] -> did you mean [allow_partial_results]?',
    ],
    ['submit', 'wait_for_completion_timeout', 'parameter: [wait_for_completion_timeout]'],
    ['get', 'keep_aliv', 'parameter: [keep_aliv]'],
    ['get', 'allow_partial_results', 'parameter: [allow_partial_results]'],
    ['stop', 'keep_alive', 'parameter: [keep_alive]'],
    ['delete', 'delimiter', 'parameter: [delimiter]'],
    ['get', 'z&prety&a', 'parameters: [a], [prety] -> did you mean [pretty]?, [z]'],
  ] as const)('refuses for %s the parameters %s', (operation, names, text) => {
    expect(() => assertKnownParameters(operation, parseQueryString(names), '/p')).toThrow(
      expect.objectContaining({ reason: `request [/p] contains unrecognized ${text}` }),
    )
  })

  it('leaves unknown names to another server, unless one is the gateway’s own', () => {
    const check = (names: string) => () =>
      assertKnownParameters('stop', parseQueryString(names), '/p', [], true)
    expect(check('z&prety')).not.toThrow()
    expect(check('z&keep_alive')).toThrow(
      expect.objectContaining({ reason: 'request [/p] contains unrecognized parameters: [keep_alive], [z]' }),
    )
  })
})

describe('ownParameters', () => {
  it('are those that the gateway acts on', () => {
    expect(ownParameters(parseQueryString('a=1&keep_alive=1d&format=csv&source=x'))).toEqual({
      keep_alive: '1d',
      source: 'x',
    })
  })
})
