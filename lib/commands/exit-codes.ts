/** What the exit codes of commands say. */
export const EXIT = {
  done: 0,
  /** What was asked or recorded is not as it should be. */
  failed: 1,
  /** Nothing could be done, or not all: the flags are wrong, or what the command needs is not there. */
  notDone: 2,
} as const
