/** V8 copies shorter pieces of a text. For a longer piece it keeps the whole text alive. */
export const SHORT_TEXT = 12

/** The same text, which keeps no other text alive. `JSON.parse` copies what it reads. */
export function ownText<Text extends string>(text: Text): Text {
  return text.length > SHORT_TEXT ? JSON.parse(JSON.stringify(text)) : text
}
