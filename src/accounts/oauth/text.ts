/** What strangers say, made fit for a log line, a terminal and a page. */

/** A string field that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** An object field, `{}` if it is none. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
}

/** Entries whose value is there. */
export function present(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fields).filter((e): e is [string, string] => e[1] !== undefined && e[1] !== ''),
  )
}

/** One line without control characters (they steer terminals), at most `most` characters. `hide`: secrets to take out. */
export function plain(text: string, most = 300, hide: readonly (string | undefined)[] = []): string {
  let line = text
  for (const secret of hide) if (secret !== undefined && secret.length >= 6) line = line.replaceAll(secret, '…')
  line = line.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1)}…` : line
}

/** What an error answer says: OAuth's `error` and `error_description`, or the nested forms of OpenAI and Google. */
export function errorOf(json: Readonly<Record<string, unknown>>): { code: string; words: string } {
  const { error } = json
  if (typeof error === 'string') {
    return { code: error, words: textOf(json['error_description']) ?? textOf(json['message']) ?? '' }
  }
  const inner = fieldsOf(error)
  const code = textOf(inner['code']) ?? textOf(inner['type']) ?? textOf(inner['status']) ?? textOf(json['code']) ?? ''
  return { code, words: textOf(inner['message']) ?? textOf(json['message']) ?? textOf(json['detail']) ?? '' }
}
