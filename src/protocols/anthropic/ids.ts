/**
 * Ids of tool calls as clients of the dialect may see them: `^[a-zA-Z0-9_-]+$`. Other vendors' ids that do not fit
 * (`functions.weather:0`) are wrapped so that the next request tells what they were.
 */

const LEGAL = /^[a-zA-Z0-9_-]+$/
const WRAPPED = 'toolu_lp_'

export function wireId(id: string): string {
  return LEGAL.test(id) ? id : WRAPPED + Buffer.from(id).toString('base64url')
}

export function plainId(id: string): string {
  return id.startsWith(WRAPPED) ? Buffer.from(id.slice(WRAPPED.length), 'base64url').toString('utf8') : id
}
