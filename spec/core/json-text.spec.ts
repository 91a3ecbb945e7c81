import { isJsonText, JsonText } from '../../lib/core/json-text'

describe('JsonText', () => {
  it('cannot change', () => {
    expect(Object.isFrozen(new JsonText('{}'))).toBe(true)
  })

  it('takes texts alone', () => {
    expect(() => new JsonText({} as string)).toThrow(new TypeError('A JsonText takes a text of JSON'))
  })

  it('is the value of its text for those who write it with JSON.stringify', () => {
    expect(JSON.stringify([new JsonText('{"a": 1.0}')])).toBe('[{"a":1}]')
  })

  it('is known to another copy of the package', () => {
    jest.isolateModules(() => {
      const other = require('../../lib/core/json-text') as typeof import('../../lib/core/json-text')
      const text = new other.JsonText('{}')
      expect(text).not.toBeInstanceOf(JsonText)
      expect(isJsonText(text)).toBe(true)
    })
    expect(isJsonText({ text: '{}' })).toBe(false)
  })
})
