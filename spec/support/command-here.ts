import { runCommand } from '../../lib/commands/commands'

/** What a command has printed, and its exit code. */
export interface Ran {
  code: number | undefined
  stdout: string
  stderr: string
}

/**
 * Runs a command of the command line in this process, with these variables and no others. For what it decides before it does
 * anything: that a process ends by itself, only a process can show.
 */
export async function commandHere(args: string[], environment: Record<string, string> = {}): Promise<Ran> {
  const ran: Ran = { code: undefined, stdout: '', stderr: '' }
  const before = process.env
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      ran[name] += text
      return true
    }),
  )
  process.env = { ...environment }
  try {
    ran.code = await runCommand(args)
  } finally {
    process.env = before
    for (const spy of spies) spy.mockRestore()
  }
  return ran
}
