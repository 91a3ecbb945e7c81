import { runCommand } from '../../lib/commands/commands'

const ASIDE = 'the first argument is no command; without one, a gateway starts; see --help'

describe('runCommand', () => {
  afterEach(() => jest.restoreAllMocks())

  it.each([
    ['verfy', 'the command verfy is not known; did you mean verify?'],
    ['duoble', 'the command duoble is not known; did you mean double?'],
    ['help', 'the command help is not known; did you mean --help?'],
    ['version', 'the command version is not known; did you mean --version?'],
    ['tour', 'the command tour is not known; did you mean --tour?'],
    ['check', 'the command check is not known; did you mean --check?'],
    ['start', ASIDE],
    ['s3cret', ASIDE],
  ])('refuses the word %s, and says what may be meant', async (word, message) => {
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await runCommand([word, '--port', '0'])).toBe(2)
    expect(written.mock.calls).toEqual([[`express-esql-async-query: ${message}\n`]])
  })

  it.each([
    [['--tour', '--check'], 'give one of the commands --tour and --check'],
    [['--port', '0', '--check', '--tour'], 'give one of the commands --check and --tour'],
    [['double', '--tour'], 'give one of the commands double and --tour'],
  ])('refuses two commands: %j', async (args, message) => {
    const written = jest.spyOn(process.stderr, 'write').mockReturnValue(true)
    expect(await runCommand(args)).toBe(2)
    expect(written.mock.calls).toEqual([[`express-esql-async-query: ${message}\n`]])
  })

  it.each([[[]], [['--port', '0']], [['-h']]])('leaves %j to the gateway', async (args) => {
    expect(await runCommand(args)).toBeUndefined()
  })
})
