/** The config text as it is being changed: form and source write the same text, the server says what is wrong with it. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ConfigFault, ConfigResult, ConfigView } from '../../src/server/admin/management/contract.ts'
import { ApiError, call, wordsOf } from '../lib/api.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { type ParsedYaml, type Path, parseYaml, setIn } from '../lib/yaml-edit.ts'
import { attempt, toast } from '../ui/toast.tsx'
import type { Schema } from './schema.ts'

const CHECK_MS = 350

export interface Draft {
  view: ConfigView | undefined
  schema: Schema | undefined
  error: string | undefined
  text: string
  parsed: ParsedYaml
  changed: boolean
  faults: readonly ConfigFault[]
  /** The newest answer of the server about this text. */
  result: ConfigResult | undefined
  checking: boolean
  setText(text: string): void
  set(path: Path, value: unknown): void
  discard(): void
  /** @returns whether it was saved. */
  save(note: string): Promise<boolean>
}

export function useDraft(): Draft {
  const { data: view, error } = useQuery('config', () => call('config'))
  const { data: schema } = useQuery('config:schema', () => call('configSchema') as Promise<Schema>)
  const [text, setText] = useState<string>()
  const [result, setResult] = useState<ConfigResult>()
  const [checking, setChecking] = useState(false)
  const base = useRef<ConfigView>(undefined)
  const now = text ?? view?.text ?? ''
  const changed = text !== undefined && base.current !== undefined && text !== base.current.text
  useEffect(() => {
    // Another save elsewhere: taken over unless something is being changed here (then saving will tell).
    if (view === undefined || (changed && base.current !== undefined)) return
    base.current = view
    setText(view.text)
    setResult(undefined)
  }, [view])
  useEffect(() => {
    if (!changed) {
      setResult(undefined)
      return
    }
    setChecking(true)
    let current = true
    const timer = setTimeout(async () => {
      try {
        const found = await call('checkConfig', { body: { text: now } })
        if (current) setResult(found)
      } catch (error) {
        if (current) toast(wordsOf(error), { tone: 'bad' })
      } finally {
        if (current) setChecking(false)
      }
    }, CHECK_MS)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [now, changed])
  const parsed = useMemo(() => parseYaml(now), [now])
  const faults: readonly ConfigFault[] = changed
    ? (result?.faults ?? parsed.faults.map((f) => ({ ...f, column: 1, path: '' })))
    : (view?.faults ?? [])

  const save = async (note: string) => {
    const from = base.current
    if (from === undefined) return false
    try {
      const saved = await call('saveConfig', {
        body: { text: now, expected: from.digest, ...(note.trim() !== '' && { note: note.trim() }) },
      })
      base.current = { ...from, text: saved.text, digest: saved.digest }
      setText(saved.text)
      setResult(undefined)
      invalidate('config', 'snapshots', 'models', 'accounts', 'keys')
      toast(
        saved.restart.length > 0 ? `Saved. A restart takes over: ${saved.restart.join(', ')}.` : 'Saved, and in force.',
        { undo: () => undoSave(saved.digest) },
      )
      return true
    } catch (error) {
      if (error instanceof ApiError && error.faults.length > 0)
        setResult((r) => (r === undefined ? r : { ...r, ok: false, faults: [...error.faults] }))
      toast(wordsOf(error), { tone: 'bad' })
      return false
    }
  }
  return {
    view,
    schema,
    error,
    text: now,
    parsed,
    changed,
    faults,
    result,
    checking,
    setText,
    set: (path, value) => setText(setIn(now, path, value)),
    discard() {
      if (view === undefined) return
      base.current = view
      setText(view.text)
    },
    save,
  }
}

/** Puts the text back that the save has replaced: the newest snapshot. */
async function undoSave(digest: string): Promise<void> {
  await attempt(async () => {
    const { snapshots } = await call('snapshots')
    const newest = snapshots[0]
    if (newest === undefined) throw new Error('There is no snapshot to go back to.')
    await call('restoreSnapshot', { id: newest.id, body: { expected: digest } })
    invalidate('config', 'snapshots', 'models', 'accounts')
  }, 'The config is as it was before.')
}
