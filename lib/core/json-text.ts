const BRAND = Symbol.for('express-esql-async-query.JsonText')

/** For a text that a parser of this package has read: JSON without comments and lone surrogates, that keeps no other text alive. */
export let checkedText: (text: string) => JsonText
/** Whether it comes from {@link checkedText}. */
export let isChecked: (text: JsonText) => boolean

/**
 * JSON in the spelling that it has, for a `_source` or `flattened` cell, or for anything within one: `new JsonText('{"price": 1.0}')`.
 *
 * JavaScript does not tell `1.0` from `1`, sorts keys such as `"10"`, and has no key twice. Compact JSON without `filter_path`, and Arrow,
 * have this text as it is, blanks included. Other formats have the same document in their own spelling. `ElasticsearchStore` returns the
 * objects in cells like this, and so do catalogues.
 *
 * A result whose text is no JSON, or as a cell no JSON object, is refused when it comes in, as for every cell.
 */
export class JsonText {
  readonly text: string
  #isChecked = false

  static {
    checkedText = (text) => {
      const checked = new JsonText(text)
      checked.#isChecked = true
      return checked
    }
    isChecked = (given) => #isChecked in given && given.#isChecked
  }

  /** Throws a `TypeError` for what is no text. */
  constructor(text: string) {
    if (typeof text !== 'string') throw new TypeError('A JsonText takes a text of JSON')
    this.text = text
    Object.freeze(this)
  }

  get [BRAND](): true {
    return true
  }

  /** The value as `JSON.parse` reads it: not to the last digit. Throws a `SyntaxError` if it is no JSON. */
  toJSON(): unknown {
    return JSON.parse(this.text)
  }
}

/** Whether a value is a {@link JsonText}, of this copy of the package or of another one. */
export function isJsonText(value: unknown): value is JsonText {
  return typeof value === 'object' && value !== null && BRAND in value
}
