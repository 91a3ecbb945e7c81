/** A configuration that a person has to change. The message is one line and names what to change. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}
