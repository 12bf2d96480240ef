/** Files of prompts and of examples, line by line: as a stream, whatever their size. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import type { Writable } from 'node:stream'
import type { ProtocolId } from '../hub/protocol-id.ts'
import { type RouteExplanation, requestOf } from '../routing/auto/index.ts'
import { CommandError, EXIT } from './output.ts'

/** The lines of a file; `-` is stdin. @throws {CommandError} when it cannot be read */
export async function* linesOf(file: string): AsyncGenerator<string> {
  if (file !== '-') {
    const there = await stat(file).catch((error: NodeJS.ErrnoException) => error)
    if (there instanceof Error || there.isDirectory())
      throw new CommandError(
        `${file} cannot be read: ${there instanceof Error ? (there.code === 'ENOENT' ? 'there is no such file' : there.message) : 'it is a directory'}.`,
        EXIT.usage,
      )
  }
  const input = file === '-' ? process.stdin : createReadStream(file)
  yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
}

/** Decisions are gathered to pieces of so many characters: a write for each line costs more than the decision. */
const PIECE = 32_768

/**
 * Writes one decision for each line that is not blank.
 * @returns how many lines could not be read; each is told on `errors` with its number, and as `{"line", "error"}`.
 */
export async function routeLines(
  lines: AsyncIterable<string>,
  decide: (protocol: ProtocolId, body: Buffer) => RouteExplanation,
  { output = process.stdout as Writable, errors = process.stderr as Writable } = {},
): Promise<number> {
  let bad = 0
  let number = 0
  let piece = ''
  let gone = false
  const onError = (error: NodeJS.ErrnoException) => {
    // The reader has had enough, as `head` has.
    if (error.code !== 'EPIPE') throw error
    gone = true
  }
  // For good: the error of the last write comes after the last line.
  output.on('error', onError)
  const flush = async () => {
    const text = piece
    piece = ''
    if (text !== '' && !gone && !output.write(text)) await roomIn(output)
  }
  for await (const text of lines) {
    if (gone) break
    number += 1
    if (text.trim() === '') continue
    const asked = readLine(number === 1 ? text.replace(/^\ufeff/, '') : text)
    if (typeof asked === 'string') {
      bad += 1
      errors.write(`line ${number}: ${asked}\n`)
      piece += `${JSON.stringify({ line: number, error: asked })}\n`
    } else piece += `${JSON.stringify({ line: number, ...asked.own, ...flat(decide(asked.protocol, asked.body)) })}\n`
    if (piece.length >= PIECE) await flush()
  }
  await flush()
  return bad
}

/** Resolves when more can be written, or nothing ever can. */
function roomIn(output: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error'] as const
    const done = () => {
      for (const event of events) output.off(event, done)
      resolve()
    }
    for (const event of events) output.on(event, done)
  })
}

interface Asked {
  protocol: ProtocolId
  body: Buffer
  /** What goes into the decision as it came. */
  own: { id?: unknown }
}

/** One line, or what is wrong with it. */
export function readLine(line: string): Asked | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'this is no JSON'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'a line holds one JSON object'
  const object = value as Record<string, unknown>
  const { id, prompt, messages, input, contents, system } = object
  const own = typeof id === 'string' || typeof id === 'number' ? { id } : {}
  if (typeof prompt === 'string' && messages === undefined)
    return { protocol: 'openai-chat', body: requestOf(object), own }
  if (Array.isArray(messages))
    return { protocol: system === undefined ? 'openai-chat' : 'anthropic', body: Buffer.from(line), own }
  if (Array.isArray(contents)) return { protocol: 'gemini', body: Buffer.from(line), own }
  if (Array.isArray(input) || typeof input === 'string')
    return { protocol: 'openai-responses', body: Buffer.from(line), own }
  return '"prompt" (a text) or "messages" (a list) is needed'
}

/** A decision on one line, the category and the like at its top. */
function flat({ decision, model: _, targets: __, ...rest }: RouteExplanation): object {
  return { ...decision, ...rest, category: decision?.category ?? rest.category }
}

/** A labelled example, as `--export` writes it or as a row of a training set; or what is wrong with it. */
export function exampleOf(line: string): { text: string; category: string } | string {
  let value: Record<string, unknown>
  try {
    value = JSON.parse(line)
  } catch {
    return 'this is no JSON'
  }
  const text = value?.['text'] ?? value?.['prompt']
  const category = value?.['category'] ?? value?.['label']
  if (typeof text !== 'string' || typeof category !== 'string') return '"text" and "category" are needed'
  return { text, category }
}
