/** Making and changing a client key. */
import type { ClientKeyView, KeyCreate, KeyLimits, KeyShown } from '../../src/server/admin/management/contract.ts'
import { call } from '../lib/api.ts'
import { useModels } from '../lib/data.ts'
import { invalidate } from '../lib/query.ts'
import { Button } from '../ui/basic.tsx'
import { Area, Input, Select } from '../ui/field.tsx'
import { FormFault, linesOf, type NumberField, Numbers, useForm } from '../ui/form.tsx'
import { Dialog } from '../ui/overlay.tsx'
import { toast } from '../ui/toast.tsx'

const DAY = 86_400_000
const BODIES = [
  { value: '', label: 'Not kept' },
  { value: String(3_600_000), label: 'Kept for an hour' },
  { value: String(DAY), label: 'Kept for a day' },
  { value: String(7 * DAY), label: 'Kept for a week' },
]

/** `2026-11-22T17:00` in local time, as the input wants it. */
function localInput(at: number): string {
  const d = new Date(at)
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

const whole = (text: string) => (text.trim() === '' ? null : Math.round(Number(text)))
/** Dollars typed, in the millionths that the API takes. */
const micros = (text: string) => (text.trim() === '' ? null : Math.round(Number(text) * 1e6))
const dollars = (n: number | null | undefined) => (typeof n === 'number' ? String(n / 1e6) : '')
const plain = (n: number | null | undefined) => (typeof n === 'number' ? String(n) : '')

const draftOf = (entry: ClientKeyView | undefined) => ({
  name: entry?.name ?? '',
  models: entry?.models?.join('\n') ?? '',
  requestsPerMinute: plain(entry?.limits.requestsPerMinute),
  concurrency: plain(entry?.limits.concurrency),
  tokensPerMinute: plain(entry?.limits.tokensPerMinute),
  tokensPerDay: plain(entry?.limits.tokensPerDay),
  microsPerDay: dollars(entry?.limits.microsPerDay),
  microsPerMonth: dollars(entry?.limits.microsPerMonth),
  expiresAt: entry?.expiresAt === undefined ? '' : localInput(entry.expiresAt),
  keepBodiesMs: entry?.keepBodiesMs === undefined ? '' : String(entry.keepBodiesMs),
  note: entry?.note ?? '',
})
type Draft = ReturnType<typeof draftOf>

const limit = (name: keyof KeyLimits & keyof Draft, label: string, hint?: string): NumberField<Draft> => ({
  name,
  label,
  param: `limits.${name}`,
  ...(hint !== undefined && { hint }),
  ...(name.startsWith('micros') ? { min: 0.000001, step: 'any' } : { min: 1 }),
})
const LIMITS: readonly (readonly NumberField<Draft>[])[] = [
  [limit('requestsPerMinute', 'Requests a minute'), limit('concurrency', 'At once')],
  [
    limit('tokensPerMinute', 'Tokens a minute', 'Without what is read from a cache.'),
    limit('tokensPerDay', 'Tokens a day'),
  ],
  [limit('microsPerDay', 'US dollars a day'), limit('microsPerMonth', 'US dollars a month')],
]

function bodyOf(d: Draft): KeyCreate {
  const models = linesOf(d.models)
  return {
    name: d.name.trim(),
    models: models.length === 0 ? null : models,
    limits: {
      requestsPerMinute: whole(d.requestsPerMinute),
      tokensPerDay: whole(d.tokensPerDay),
      tokensPerMinute: whole(d.tokensPerMinute),
      microsPerDay: micros(d.microsPerDay),
      microsPerMonth: micros(d.microsPerMonth),
      concurrency: whole(d.concurrency),
    },
    expiresAt: d.expiresAt === '' ? null : new Date(d.expiresAt).getTime(),
    keepBodiesMs: d.keepBodiesMs === '' ? null : Number(d.keepBodiesMs),
    note: d.note.trim() || null,
  }
}

export function KeyForm({
  entry,
  onClose,
  onMade,
}: {
  entry: ClientKeyView | undefined
  onClose: () => void
  onMade: (made: KeyShown) => void
}) {
  const { data: models } = useModels()
  const form = useForm(draftOf(entry))
  const { draft } = form
  const save = form.submit(async () => {
    const body = bodyOf(draft)
    if (entry === undefined) onMade(await call('createKey', { body }))
    else {
      await call('changeKey', { id: entry.id, body })
      toast(`Saved ${body.name}.`)
      onClose()
    }
    invalidate('keys')
  })
  const kept = draft.keepBodiesMs
  return (
    <Dialog
      title={entry === undefined ? 'New client key' : `Change ${entry.name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form="key-form" tone="primary" busy={form.busy} disabled={draft.name.trim() === ''}>
            {entry === undefined ? 'Make key' : 'Save'}
          </Button>
        </>
      }
    >
      <FormFault words={form.fault} />
      <form id="key-form" class="form" onSubmit={save}>
        <Input
          label="Name"
          hint="Who or what uses it: shown in lists and statistics."
          {...form.field('name')}
          required
          maxLength={64}
        />
        <Area
          label="Models"
          hint={`One a line; * stands for any text. Empty: all${models === undefined ? '' : ` ${models.length}`}.`}
          {...form.field('models')}
          rows={2}
        />
        {LIMITS.map((fields) => (
          <Numbers key={fields[0]!.name} form={form} fields={fields} />
        ))}
        <div class="form-row">
          <Input label="Expires" type="datetime-local" {...form.field('expiresAt')} />
          <Select
            label="Bodies of its requests"
            {...form.field('keepBodiesMs')}
            options={BODIES.some((b) => b.value === kept) ? BODIES : [...BODIES, { value: kept, label: 'As it is' }]}
          />
        </div>
        <Input label="Note" {...form.field('note')} />
      </form>
    </Dialog>
  )
}
