/** The settings of one account. Only what was changed is sent; the toast can take it back. */
import { useState } from 'preact/hooks'
import type { AccountPatch, AccountView } from '../../src/server/admin/management/contract.ts'
import { ApiError, call, wordsOf } from '../lib/api.ts'
import { invalidate } from '../lib/query.ts'
import { Button } from '../ui/basic.tsx'
import { Area, Check, Input } from '../ui/field.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { attempt, toast } from '../ui/toast.tsx'

interface Draft {
  label: string
  priority: string
  weight: string
  prefix: string
  proxyUrl: string
  excluded: string
  concurrency: string
  neverRests: boolean
  note: string
}

const draftOf = ({ label, settings: s }: AccountView): Draft => ({
  label,
  priority: String(s.priority),
  weight: String(s.weight),
  prefix: s.prefix ?? '',
  proxyUrl: s.proxy ?? '',
  excluded: s.excludedModels.join('\n'),
  concurrency: s.concurrency === undefined ? '' : String(s.concurrency),
  neverRests: s.neverRests,
  note: s.note ?? '',
})

const lines = (text: string) =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '')

/** What differs, in the words of the API. */
export function patchOf(before: Draft, after: Draft): AccountPatch {
  const patch: AccountPatch = {}
  if (after.label.trim() !== before.label) patch.label = after.label.trim()
  if (after.priority !== before.priority) patch.priority = Number(after.priority)
  if (after.weight !== before.weight) patch.weight = Number(after.weight)
  if (after.prefix !== before.prefix) patch.prefix = after.prefix.trim() || null
  if (after.proxyUrl !== before.proxyUrl) patch.proxyUrl = after.proxyUrl.trim() || null
  if (after.excluded !== before.excluded) patch.excludedModels = lines(after.excluded)
  if (after.concurrency !== before.concurrency)
    patch.concurrency = after.concurrency.trim() === '' ? null : Number(after.concurrency)
  if (after.neverRests !== before.neverRests) patch.neverRests = after.neverRests
  if (after.note !== before.note) patch.note = after.note.trim() || null
  return patch
}

export function AccountSettings({ account, onClose }: { account: AccountView; onClose: () => void }) {
  const before = draftOf(account)
  const [draft, setDraft] = useState(before)
  const [fault, setFault] = useState<{ param?: string; words: string }>()
  const [busy, setBusy] = useState(false)
  const set = (change: Partial<Draft>) => setDraft((d) => ({ ...d, ...change }))
  const faultOf = (...params: string[]) =>
    fault?.param !== undefined && params.some((p) => fault.param!.startsWith(p)) ? fault.words : undefined
  const patch = patchOf(before, draft)
  const changed = Object.keys(patch).length > 0
  const { id } = account
  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    try {
      await call('changeAccount', { id, body: patch })
      const { proxyUrl: _, ...back } = patchOf(draft, before)
      const undoable = patch.proxyUrl === undefined
      toast(
        `Saved the settings of ${account.label}.`,
        undoable
          ? {
              undo: async () =>
                void (await attempt(
                  () => call('changeAccount', { id, body: back }).finally(() => invalidate('accounts')),
                  'Undone.',
                )),
            }
          : {},
      )
      onClose()
    } catch (error) {
      setFault({ param: error instanceof ApiError ? error.param : undefined, words: wordsOf(error) })
    } finally {
      setBusy(false)
      invalidate('accounts')
    }
  }
  return (
    <Dialog
      title={`Settings of ${account.label}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form="account-settings" tone="primary" busy={busy} disabled={!changed}>
            Save
          </Button>
        </>
      }
    >
      {fault !== undefined && fault.param === undefined && (
        <p class="bad" role="alert">
          {fault.words}
        </p>
      )}
      <form id="account-settings" class="form" onSubmit={save}>
        <Input
          label="Name"
          value={draft.label}
          onValue={(label) => set({ label })}
          fault={faultOf('label')}
          required
          maxLength={200}
        />
        <div class="form-row">
          <Input
            label="Priority"
            hint="Higher is used first."
            type="number"
            value={draft.priority}
            onValue={(priority) => set({ priority })}
            fault={faultOf('priority')}
          />
          <Input
            label="Weight"
            hint="Share within a priority."
            type="number"
            step="any"
            min={0}
            value={draft.weight}
            onValue={(weight) => set({ weight })}
            fault={faultOf('weight')}
          />
          <Input
            label="Most at once"
            hint="Empty: no limit of its own."
            type="number"
            min={1}
            value={draft.concurrency}
            onValue={(concurrency) => set({ concurrency })}
            fault={faultOf('concurrency')}
          />
        </div>
        <Input
          label="Prefix"
          hint="Reach it alone as prefix/model."
          value={draft.prefix}
          onValue={(prefix) => set({ prefix })}
          fault={faultOf('prefix')}
        />
        <Input
          label="Proxy"
          hint="http, https or socks5 address, or direct. Empty: the global one. A password is not shown again."
          value={draft.proxyUrl}
          onValue={(proxyUrl) => set({ proxyUrl })}
          fault={faultOf('proxyUrl')}
        />
        <Area
          label="Models never used here"
          hint="One a line; * stands for any text."
          value={draft.excluded}
          onValue={(excluded) => set({ excluded })}
          fault={faultOf('excludedModels')}
          rows={3}
        />
        <Check
          label="Never rests"
          hint="It is asked again at once after every refusal. For endpoints of your own."
          checked={draft.neverRests}
          onValue={(neverRests) => set({ neverRests })}
        />
        <Area label="Note" value={draft.note} onValue={(note) => set({ note })} rows={2} />
      </form>
    </Dialog>
  )
}
