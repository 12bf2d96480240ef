/** Short messages in the corner. What can be undone carries its undo; errors stay until they are closed. */
import { useEffect, useRef } from 'preact/hooks'
import { wordsOf } from '../lib/api.ts'
import { inLocalTime } from '../lib/format.ts'
import { createStore, useStore } from '../lib/store.ts'
import { Icon } from './icon.tsx'

interface Toast {
  id: number
  text: string
  tone: 'good' | 'warn' | 'bad'
  undo?: () => void | Promise<void>
}

const SHOWN_MS = 5000
const UNDO_MS = 10_000
const toasts = createStore<readonly Toast[]>([])
let last = 0

export function toast(
  words: string,
  { tone = 'good', undo }: { tone?: Toast['tone']; undo?: Toast['undo'] } = {},
): void {
  last += 1
  const id = last
  const text = inLocalTime(words, Date.now())
  toasts.set((now) => [...now.filter((t) => t.text !== text), { id, text, tone, undo }].slice(-4))
  if (tone !== 'bad') setTimeout(() => dismiss(id), undo === undefined ? SHOWN_MS : UNDO_MS)
}

function dismiss(id: number): void {
  toasts.set((now) => now.filter((t) => t.id !== id))
}

/** Does it, and tells what went wrong where it does. @returns whether it worked. */
export async function attempt(
  action: () => Promise<unknown>,
  done?: string,
  undo?: () => Promise<unknown>,
): Promise<boolean> {
  try {
    await action()
    if (done !== undefined)
      toast(done, undo === undefined ? {} : { undo: async () => void (await attempt(undo, 'Undone.')) })
    return true
  } catch (error) {
    toast(wordsOf(error), { tone: 'bad' })
    return false
  }
}

/** Takes back the newest thing that can be taken back. @returns whether there was one. */
function undoNewest(): boolean {
  const newest = toasts.get().findLast((t) => t.undo !== undefined)
  if (newest === undefined) return false
  dismiss(newest.id)
  void newest.undo?.()
  return true
}

/** Ctrl+Z, for hands that do not leave the keyboard: the button is far away in the order of tabs. In fields it stays theirs. */
function onKey(event: KeyboardEvent): void {
  if (event.key !== 'z' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return
  if ((event.target as Element).closest('input, textarea, select') !== null) return
  if (undoNewest()) event.preventDefault()
}

export function Toasts() {
  const list = useStore(toasts)
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  // Shown as a popover, so that it lies above open dialogs.
  useEffect(() => {
    const node = ref.current
    if (node === null || typeof node.showPopover !== 'function') return
    if (node.matches(':popover-open')) node.hidePopover()
    if (list.length > 0) node.showPopover()
  }, [list])
  return (
    <>
      <div class="sr" role="status" aria-live="polite">
        {list.filter((t) => t.tone !== 'bad').at(-1)?.text}
      </div>
      <div class="sr" role="alert">
        {list.filter((t) => t.tone === 'bad').at(-1)?.text}
      </div>
      <section class="toasts" aria-label="Messages" ref={ref} popover="manual">
        {list.map((t) => (
          <div key={t.id} class={`toast ${t.tone}`}>
            <p>{t.text}</p>
            {t.undo !== undefined && (
              <button
                type="button"
                class="btn sm"
                title="Ctrl+Z"
                aria-keyshortcuts="Control+Z Meta+Z"
                onClick={() => {
                  dismiss(t.id)
                  void t.undo?.()
                }}
              >
                Undo
              </button>
            )}
            <button
              type="button"
              class="btn quiet icon sm"
              aria-label={`Close: ${t.text}`}
              onClick={() => dismiss(t.id)}
            >
              <Icon name="close" size={14} />
            </button>
          </div>
        ))}
      </section>
    </>
  )
}
