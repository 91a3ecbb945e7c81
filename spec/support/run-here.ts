import { spawnSync } from 'node:child_process'

/** Runs a program in a folder as a user does, and returns what it prints. */
export function runHere(
  folder: string,
  command: string,
  ...args: string[]
): { code: number; output: string } {
  // A runner within a runner must not take itself for a part of it.
  const { NODE_OPTIONS: _, JEST_WORKER_ID: __, NODE_ENV: ___, NODE_TEST_CONTEXT: ____, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...env, NO_COLOR: '1' },
  })
  return { code: status ?? -1, output: `${stdout ?? ''}${stderr ?? ''}` }
}

/** Whether a program is there and does what it is asked. */
export function isThere(command: string, ...args: string[]): boolean {
  return runHere('.', command, ...args).code === 0
}
