import { LOG_LEVELS, lineLogger } from '../../lib/server/line-logger'

function startLog(level: (typeof LOG_LEVELS)[number] = 'debug') {
  const lines: string[] = []
  return { lines, logger: lineLogger(level, (line) => lines.push(line)) }
}

describe('lineLogger', () => {
  it('writes a line of JSON per record', () => {
    const { lines, logger } = startLog()
    logger.info({ status: 200, rows: 9007199254740993n }, 'two\nlines')
    const [line = ''] = lines
    expect(lines).toEqual([expect.stringMatching(/^\{.*\}\n$/)])
    expect(JSON.parse(line)).toEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      level: 'info',
      message: 'two\nlines',
      status: 200,
      rows: '9007199254740993',
    })
  })

  it.each(LOG_LEVELS)('writes nothing below %s', (level) => {
    const { lines, logger } = startLog(level)
    for (const each of LOG_LEVELS) logger[each]({}, each)
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)))
  })

  it('says what went wrong and why, and leaves out other properties of an error', () => {
    const { lines, logger } = startLog()
    const cause = Object.assign(new TypeError('refused'), {
      code: 'ECONNREFUSED',
      request: { headers: { authorization: 'Bearer secret' } },
    })
    logger.error({ err: new Error('no answer', { cause }) }, 'a request failed')
    const [line = ''] = lines
    expect(JSON.parse(line).err).toEqual({
      name: 'Error',
      message: 'no answer',
      stack: expect.stringMatching(/^Error: no answer\n/),
      cause: {
        name: 'TypeError',
        code: 'ECONNREFUSED',
        message: 'refused',
        stack: expect.stringMatching(/^TypeError: refused\n/),
      },
    })
  })

  it('ends with causes that form a ring', () => {
    const { lines, logger } = startLog()
    const error = new Error('round')
    error.cause = error
    logger.error({ err: error }, 'a request failed')
    expect(lines[0]?.match(/"message":"round"/g)).toHaveLength(6)
  })

  it('writes a cause that is no error as text', () => {
    const { lines, logger } = startLog()
    logger.error({ err: new Error('broken', { cause: 'disk' }) }, 'a request failed')
    expect(JSON.parse(lines[0] ?? '').err.cause).toEqual({ name: 'string', message: 'disk' })
  })
})
