/** Making and changing a client key. */
import { useState } from 'preact/hooks'
import type { ClientKeyView, KeyCreate, KeyLimits, KeyShown } from '../../src/server/admin/management/contract.ts'
import { ApiError, call, wordsOf } from '../lib/api.ts'
import { useModels } from '../lib/data.ts'
import { invalidate } from '../lib/query.ts'
import { Button } from '../ui/basic.tsx'
import { Area, Input, Select } from '../ui/field.tsx'
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

const money = (dollars: string) => (dollars.trim() === '' ? null : Math.round(Number(dollars) * 1e6))

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
  const [name, setName] = useState(entry?.name ?? '')
  const [allowed, setAllowed] = useState(entry?.models?.join('\n') ?? '')
  const [perMinute, setPerMinute] = useState(String(entry?.limits.requestsPerMinute ?? ''))
  const [tokens, setTokens] = useState(String(entry?.limits.tokensPerDay ?? ''))
  const [tokensMinute, setTokensMinute] = useState(String(entry?.limits.tokensPerMinute ?? ''))
  const [daily, setDaily] = useState(
    typeof entry?.limits.microsPerDay === 'number' ? String(entry.limits.microsPerDay / 1e6) : '',
  )
  const [dollars, setDollars] = useState(
    typeof entry?.limits.microsPerMonth === 'number' ? String(entry.limits.microsPerMonth / 1e6) : '',
  )
  const [concurrency, setConcurrency] = useState(String(entry?.limits.concurrency ?? ''))
  const [expires, setExpires] = useState(entry?.expiresAt === undefined ? '' : localInput(entry.expiresAt))
  const [bodies, setBodies] = useState(entry?.keepBodiesMs === undefined ? '' : String(entry.keepBodiesMs))
  const [note, setNote] = useState(entry?.note ?? '')
  const [fault, setFault] = useState<{ param?: string; words: string }>()
  const [busy, setBusy] = useState(false)
  const faultOf = (param: string) => (fault?.param?.startsWith(param) ? fault.words : undefined)
  const save = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    const list = allowed
      .split('\n')
      .map((l) => l.trim())
      .filter((l) => l !== '')
    const limits: KeyLimits = {
      requestsPerMinute: whole(perMinute),
      tokensPerDay: whole(tokens),
      tokensPerMinute: whole(tokensMinute),
      microsPerDay: money(daily),
      microsPerMonth: money(dollars),
      concurrency: whole(concurrency),
    }
    const body: KeyCreate = {
      name: name.trim(),
      models: list.length === 0 ? null : list,
      limits,
      expiresAt: expires === '' ? null : new Date(expires).getTime(),
      keepBodiesMs: bodies === '' ? null : Number(bodies),
      note: note.trim() || null,
    }
    try {
      if (entry === undefined) onMade(await call('createKey', { body }))
      else {
        await call('changeKey', { id: entry.id, body })
        toast(`Saved ${body.name}.`)
        onClose()
      }
      invalidate('keys')
    } catch (error) {
      setFault({ param: error instanceof ApiError ? error.param : undefined, words: wordsOf(error) })
      setBusy(false)
    }
  }
  return (
    <Dialog
      title={entry === undefined ? 'New client key' : `Change ${entry.name}`}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form="key-form" tone="primary" busy={busy} disabled={name.trim() === ''}>
            {entry === undefined ? 'Make key' : 'Save'}
          </Button>
        </>
      }
    >
      {fault !== undefined && fault.param === undefined && (
        <p class="bad" role="alert">
          {fault.words}
        </p>
      )}
      <form id="key-form" class="form" onSubmit={save}>
        <Input
          label="Name"
          hint="Who or what uses it: shown in lists and statistics."
          value={name}
          onValue={setName}
          fault={faultOf('name')}
          required
          maxLength={64}
        />
        <Area
          label="Models"
          hint={`One a line; * stands for any text. Empty: all${models === undefined ? '' : ` ${models.length}`}.`}
          value={allowed}
          onValue={setAllowed}
          fault={faultOf('models')}
          rows={2}
        />
        <div class="form-row">
          <Input
            label="Requests a minute"
            type="number"
            min={1}
            value={perMinute}
            onValue={setPerMinute}
            fault={faultOf('limits.requestsPerMinute')}
          />
          <Input
            label="At once"
            type="number"
            min={1}
            value={concurrency}
            onValue={setConcurrency}
            fault={faultOf('limits.concurrency')}
          />
        </div>
        <div class="form-row">
          <Input
            label="Tokens a minute"
            hint="Without what is read from a cache."
            type="number"
            min={1}
            value={tokensMinute}
            onValue={setTokensMinute}
            fault={faultOf('limits.tokensPerMinute')}
          />
          <Input
            label="Tokens a day"
            type="number"
            min={1}
            value={tokens}
            onValue={setTokens}
            fault={faultOf('limits.tokensPerDay')}
          />
        </div>
        <div class="form-row">
          <Input
            label="US dollars a day"
            type="number"
            min={0.000001}
            step="any"
            value={daily}
            onValue={setDaily}
            fault={faultOf('limits.microsPerDay')}
          />
          <Input
            label="US dollars a month"
            type="number"
            min={0.000001}
            step="any"
            value={dollars}
            onValue={setDollars}
            fault={faultOf('limits.microsPerMonth')}
          />
        </div>
        <div class="form-row">
          <Input
            label="Expires"
            type="datetime-local"
            value={expires}
            onValue={setExpires}
            fault={faultOf('expiresAt')}
          />
          <Select
            label="Bodies of its requests"
            value={bodies}
            onValue={setBodies}
            options={
              BODIES.some((b) => b.value === bodies) ? BODIES : [...BODIES, { value: bodies, label: 'As it is' }]
            }
          />
        </div>
        <Input label="Note" value={note} onValue={setNote} fault={faultOf('note')} />
      </form>
    </Dialog>
  )
}
