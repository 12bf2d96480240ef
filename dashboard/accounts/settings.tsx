/** The settings of one account. Only what was changed is sent; the toast can take it back. */
import type { AccountPatch, AccountView } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { invalidate } from '../lib/query.ts'
import { Button } from '../ui/basic.tsx'
import { Area, Check, Input } from '../ui/field.tsx'
import { FormFault, linesOf, type NumberField, Numbers, useForm } from '../ui/form.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { attempt, toast } from '../ui/toast.tsx'

const draftOf = ({ label, settings: s }: AccountView) => ({
  label,
  priority: String(s.priority),
  weight: String(s.weight),
  prefix: s.prefix ?? '',
  proxyUrl: s.proxy ?? '',
  excludedModels: s.excludedModels.join('\n'),
  concurrency: s.concurrency === undefined ? '' : String(s.concurrency),
  neverRests: s.neverRests,
  note: s.note ?? '',
})

type Draft = ReturnType<typeof draftOf>

/** What differs, in the words of the API. */
export function patchOf(before: Draft, after: Draft): AccountPatch {
  const patch: AccountPatch = {}
  if (after.label.trim() !== before.label) patch.label = after.label.trim()
  if (after.priority !== before.priority) patch.priority = Number(after.priority)
  if (after.weight !== before.weight) patch.weight = Number(after.weight)
  if (after.prefix !== before.prefix) patch.prefix = after.prefix.trim() || null
  if (after.proxyUrl !== before.proxyUrl) patch.proxyUrl = after.proxyUrl.trim() || null
  if (after.excludedModels !== before.excludedModels) patch.excludedModels = linesOf(after.excludedModels)
  if (after.concurrency !== before.concurrency)
    patch.concurrency = after.concurrency.trim() === '' ? null : Number(after.concurrency)
  if (after.neverRests !== before.neverRests) patch.neverRests = after.neverRests
  if (after.note !== before.note) patch.note = after.note.trim() || null
  return patch
}

const NUMBERS: readonly NumberField<Draft>[] = [
  { name: 'priority', label: 'Priority', hint: 'Higher is used first.' },
  { name: 'weight', label: 'Weight', hint: 'Share within a priority.', step: 'any', min: 0 },
  { name: 'concurrency', label: 'Most at once', hint: 'Empty: no limit of its own.', min: 1 },
]

export function AccountSettings({ account, onClose }: { account: AccountView; onClose: () => void }) {
  const { id } = account
  const before = draftOf(account)
  const form = useForm(before)
  const patch = patchOf(before, form.draft)
  const change = (body: AccountPatch) => call('changeAccount', { id, body }).finally(() => invalidate('accounts'))
  const save = form.submit(async () => {
    await change(patch)
    const { proxyUrl: _, ...back } = patchOf(form.draft, before)
    // A proxy's password is never shown, so that the old address cannot be put back.
    const undo =
      patch.proxyUrl === undefined ? async () => void (await attempt(() => change(back), 'Undone.')) : undefined
    toast(`Saved the settings of ${account.label}.`, { undo })
    onClose()
  })
  return (
    <Dialog
      title={`Settings of ${account.label}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form="account-settings"
            tone="primary"
            busy={form.busy}
            disabled={Object.keys(patch).length === 0}
          >
            Save
          </Button>
        </>
      }
    >
      <FormFault words={form.fault} />
      <form id="account-settings" class="form" onSubmit={save}>
        <Input label="Name" {...form.field('label')} required maxLength={200} />
        <Numbers form={form} fields={NUMBERS} />
        <Input label="Prefix" hint="Reach it alone as prefix/model." {...form.field('prefix')} />
        <Input
          label="Proxy"
          hint="http, https or socks5 address, or direct. Empty: the global one. A password is not shown again."
          {...form.field('proxyUrl')}
        />
        <Area
          label="Models never used here"
          hint="One a line; * stands for any text."
          {...form.field('excludedModels')}
          rows={3}
        />
        <Check
          label="Never rests"
          hint="It is asked again at once after every refusal. For endpoints of your own."
          checked={form.draft.neverRests}
          onValue={(neverRests) => form.set({ neverRests })}
        />
        <Area label="Note" {...form.field('note')} rows={2} />
      </form>
    </Dialog>
  )
}
