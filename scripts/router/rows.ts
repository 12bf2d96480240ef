/** The labelled prompts: what is read, from where, and which sources belong together. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CATEGORIES, type Category } from '../../src/routing/classify/categories.ts'

export interface Row {
  prompt: string
  label: Category
  /** Other labels a fair reader would accept. */
  alt: readonly Category[]
  source: string
  lang: string
  licence?: string
  /** A natural prompt that was labelled by reading it. */
  nat?: unknown
  system?: string
}

export const ROOT = join(import.meta.dirname, '..', '..')
export const SHARED = join(ROOT, '..', 'shared', 'router', 'train.jsonl')
export const OWN = join(ROOT, 'data', 'router')

const isCategory = (value: unknown): value is Category => CATEGORIES.includes(value as Category)

function parsed(path: string): Row[] {
  const rows: Row[] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '') continue
    const { alt, ...row } = JSON.parse(line)
    if (!isCategory(row.label) || typeof row.prompt !== 'string') throw new Error(`${path}: no such row: ${line}`)
    rows.push({ ...row, alt: [alt ?? []].flat().filter((a) => isCategory(a) && a !== row.label) })
  }
  return rows
}

/** The public prompts; empty, and said so, where they are not. */
export function sharedRows(): Row[] {
  if (existsSync(SHARED)) return parsed(SHARED)
  console.error(`${SHARED} is not there: only the rows in data/router are read`)
  return []
}

/** The rows that were written for this project, those held out for evaluation left out. */
export function ownRows(): Row[] {
  if (!existsSync(OWN)) return []
  return readdirSync(OWN)
    .filter((name) => name.startsWith('own-') && name.endsWith('.jsonl'))
    .sort()
    .flatMap((name) => parsed(join(OWN, name)))
}

/** The source family of a row; one family at a time is left out of training. */
export function familyOf(source: string): string {
  if (source.startsWith('own-')) return 'own'
  if (/seed/.test(source)) return '*-seed'
  for (const prefix of ['belle', 'llmrouter', 'gpteacher', 'mt-bench', 'nat'])
    if (source.startsWith(`${prefix}-`)) return `${prefix}-*`
  return source
}

/** Whether a row may be trained on while `family` is judged. `belle-seed-zh` belongs to two families. */
export function trainable(source: string, family: string): boolean {
  if (familyOf(source) === family) return false
  return !(source === 'belle-seed-zh' && family === 'belle-*')
}
