/**
 * The anchor: the highest revision of the manifest this machine has seen, in a file of the auth directory, outside the
 * database. A store that comes back with a lower one was put back from a backup: legitimate, and worth a word, because
 * vendors have since replaced the refresh tokens in it.
 */
import { join } from 'node:path'
import * as z from 'zod'
import { OWNER_ONLY, readPrivate, replacePrivate } from './private-file.ts'

const schema = z.object({
  /** Name of the vault. */
  vault: z.string(),
  revision: z.int().min(0),
  /** A step back that was seen and not yet accepted. */
  restored: z.object({ from: z.int(), to: z.int(), at: z.int(), replaced: z.boolean().optional() }).optional(),
  /** How often the owner has accepted the present state: a higher count in the file ends what a process remembers. */
  accepted: z.int().min(0).default(0),
})

type State = z.infer<typeof schema>

export interface Anchor {
  /** Compares the store with what was seen before. */
  compare(vault: string, revision: number): Promise<void>
  /** The highest revision seen so far: what is read from now on cannot honestly be lower. Undefined before `compare`. */
  highest(): number | undefined
  /** Notes a revision; written soon, and never in the way of what is going on. */
  saw(revision: number): void
  /** What to tell the owner, if anything. */
  warning(): string | undefined
  /** Takes the present state as the right one. */
  accept(vault: string, revision: number): Promise<void>
  /** Waits until all is written. */
  flush(): Promise<void>
}

export function createAnchor(authDir: string, now: () => number): Anchor {
  const path = join(authDir, 'vault.anchor')
  let state: State | undefined
  let trouble: string | undefined
  let dirty = false
  let writing: Promise<void> | undefined

  async function read(): Promise<State | undefined> {
    try {
      const bytes = await readPrivate(path, 'anchor', OWNER_ONLY)
      return bytes && schema.parse(JSON.parse(bytes.toString()), { jitless: true })
    } catch {
      // An unreadable anchor protects nobody; it is written anew.
      return undefined
    }
  }

  /** What is known when memory and file are put together: after an acceptance the file, else the higher of the two. */
  function merged(mine: State | undefined, there: State | undefined): State | undefined {
    if (mine === undefined || there === undefined || there.vault !== mine.vault) return mine ?? there
    if (there.accepted !== mine.accepted) return there.accepted > mine.accepted ? there : mine
    const restored = mine.restored ?? there.restored
    return { ...mine, restored, revision: Math.max(mine.revision, there.revision) }
  }

  async function write(): Promise<void> {
    while (dirty && state !== undefined) {
      dirty = false
      const there = await read()
      state = merged(state, there)
      try {
        await replacePrivate(path, `${JSON.stringify(state)}\n`, false)
        trouble = undefined
      } catch (error) {
        trouble = `${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'error'}): a store put back from a backup would not be noticed.`
        return
      }
    }
  }

  function soon(): Promise<void> {
    dirty = true
    writing ??= write().finally(() => {
      writing = undefined
      if (dirty) void soon()
    })
    return writing
  }

  return {
    async compare(vault, revision) {
      const there = await read()
      const seen = merged(state, there)
      const accepted = seen?.accepted ?? 0
      if (seen === undefined) state = { vault, revision, accepted }
      else if (seen.vault !== vault || seen.revision > revision) {
        // Told once, from the height it fell from; what comes after counts from here.
        const replaced = seen.vault !== vault
        const from = seen.restored ?? {
          from: seen.revision,
          to: replaced ? 0 : revision,
          at: now(),
          ...(replaced && { replaced }),
        }
        state = {
          vault,
          revision: Math.max(seen.vault === vault ? seen.revision : 0, revision),
          accepted,
          restored: from,
        }
      } else state = { ...seen, revision }
      if (state.vault !== there?.vault || state.revision !== there.revision || state.restored !== there.restored)
        await soon()
    },
    highest: () => state?.revision,
    saw(revision) {
      if (state === undefined || revision <= state.revision) return
      state = { ...state, revision }
      void soon()
    },
    warning() {
      const restored = state?.restored
      if (restored === undefined) return trouble
      const when = new Date(restored.at).toISOString().slice(0, 16).replace('T', ' ')
      const what = restored.replaced
        ? `The store that was here before, written ${restored.from} times, is gone and another one is in its place ` +
          `(seen ${when} UTC): it was moved, emptied or exchanged.`
        : `The store went back from state ${restored.from} to ${restored.to} (seen ${when} UTC): a backup was restored, ` +
          'or somebody put older data in its place.'
      return (
        `${what} If it was you, log in again where an account needs it, because older ` +
        'refresh tokens may be dead, and then run: logicaproxy vault status --accept'
      )
    },
    async accept(vault, revision) {
      const there = await read()
      const accepted = (merged(state, there)?.accepted ?? 0) + 1
      state = { vault, revision, accepted }
      await soon()
    },
    async flush() {
      await writing
    },
  }
}
