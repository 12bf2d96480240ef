/**
 * What the page has fetched: kept by key, shown at once on return and fetched anew behind it. Nothing is asked in a hidden
 * tab, and nothing more often than every two seconds.
 */
import { useEffect, useState } from 'preact/hooks'
import { wordsOf } from './api.ts'

interface Entry {
  data: unknown
  error: string | undefined
  at: number
  running: Promise<void> | undefined
  /** What is on its way was asked for before something changed: it is asked for again. */
  stale: boolean
  fetch: ((signal: AbortSignal) => Promise<unknown>) | undefined
  watchers: Set<() => void>
}

export interface Query<T> {
  data: T | undefined
  /** Why the newest try failed, for people; older data may still be there. */
  error: string | undefined
  loading: boolean
  refresh(): Promise<void>
}

const FASTEST_MS = 2000
const MOST = 200
const entries = new Map<string, Entry>()

function entryOf(key: string): Entry {
  let entry = entries.get(key)
  if (entry === undefined) {
    entry = {
      data: undefined,
      error: undefined,
      at: 0,
      running: undefined,
      stale: false,
      fetch: undefined,
      watchers: new Set(),
    }
    entries.set(key, entry)
    if (entries.size > MOST)
      for (const [old, { watchers }] of entries) {
        if (entries.size <= MOST) break
        if (watchers.size === 0) entries.delete(old)
      }
  }
  return entry
}

function run(entry: Entry): Promise<void> {
  if (entry.running !== undefined || entry.fetch === undefined) return entry.running ?? Promise.resolve()
  entry.running = entry
    .fetch(new AbortController().signal)
    .then(
      (data) => {
        entry.data = data
        entry.error = undefined
      },
      (error) => {
        entry.error = wordsOf(error)
      },
    )
    .finally(() => {
      entry.at = Date.now()
      entry.running = undefined
      tell(entry)
      if (!entry.stale) return undefined
      entry.stale = false
      return run(entry)
    })
  return entry.running
}

function tell(entry: Entry): void {
  for (const watcher of [...entry.watchers]) watcher()
}

/**
 * @param key what is asked for, its parameters included; undefined asks nothing.
 * @param every ms between two fetches while the tab is seen; 0: only when invalidated.
 */
export function useQuery<T>(key: string | undefined, fetch: () => Promise<T>, every = 0): Query<T> {
  const [, redraw] = useState(0)
  useEffect(() => {
    if (key === undefined) return
    const entry = entryOf(key)
    const watcher = () => redraw((n) => n + 1)
    entry.watchers.add(watcher)
    entry.fetch = fetch
    if (Date.now() - entry.at > 1000) run(entry)
    const timer =
      every > 0
        ? setInterval(() => document.visibilityState === 'visible' && run(entry), Math.max(every, FASTEST_MS))
        : undefined
    return () => {
      entry.watchers.delete(watcher)
      clearInterval(timer)
    }
  }, [key, every])
  const entry = key === undefined ? undefined : entries.get(key)
  return {
    data: entry?.data as T | undefined,
    error: entry?.error,
    loading: key !== undefined && entry?.data === undefined && entry?.error === undefined,
    refresh: () => (entry === undefined ? Promise.resolve() : run(entry)),
  }
}

/** Fetches anew all whose key begins so: at once what is seen, the rest when it is seen again. */
export function invalidate(...prefixes: string[]): void {
  for (const [key, entry] of entries) {
    if (!prefixes.some((p) => key === p || key.startsWith(`${p}?`))) continue
    renew(entry)
  }
}

function renew(entry: Entry): void {
  entry.at = 0
  if (entry.running !== undefined) entry.stale = true
  else if (entry.watchers.size > 0) void run(entry)
}

/** Puts in what was learned otherwise (an event, an answer). */
export function put(key: string, data: unknown): void {
  const entry = entryOf(key)
  entry.data = data
  entry.error = undefined
  entry.at = Date.now()
  tell(entry)
}

/** Everything seen is fetched anew: after a break of the event stream. */
export function refetchAll(): void {
  for (const entry of entries.values()) renew(entry)
}
