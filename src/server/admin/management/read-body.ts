/** The body of a management request: bounded, and JSON where JSON is expected. */

import type { RouteSpec } from './contract.ts'
import { fromIssues, invalid, ManagementError } from './errors.ts'

/** A config of 1 MiB as a JSON text, and then some. */
const MOST_BYTES = 3 << 20

/** @throws {ManagementError} 400, 413, 415 */
export async function readBody(request: Request, route: RouteSpec): Promise<unknown> {
  if (route.body === undefined && route.id !== 'legacyPutConfigYaml') return undefined
  const type = request.headers.get('content-type') ?? ''
  const bytes = await bounded(request)
  if (route.body === undefined) return utf8(bytes)
  // A form of another page can send text and forms, not JSON.
  if (!/^application\/(?:[\w.+-]+\+)?json\b/i.test(type)) {
    throw new ManagementError(415, 'media-type', 'Send JSON with "Content-Type: application/json".')
  }
  let json: unknown
  try {
    json = JSON.parse(utf8(bytes))
  } catch (error) {
    if (error instanceof ManagementError) throw error
    throw invalid('The body is not valid JSON.')
  }
  const result = route.body.safeParse(json)
  if (!result.success) throw fromIssues(result.error.issues)
  return result.data
}

async function bounded(request: Request): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > MOST_BYTES) throw tooLarge()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.length
    if (size > MOST_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const tooLarge = () => new ManagementError(413, 'too-large', `The body is larger than ${MOST_BYTES >> 20} MiB.`)

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalid('The body is not UTF-8 text.')
  }
}
