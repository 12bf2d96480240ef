/** What every form does: keep a draft, send it, and show the server's refusal at the field it is about. */
import { useState } from 'preact/hooks'
import { ApiError, wordsOf } from '../lib/api.ts'
import { Input } from './field.tsx'

export interface Form<D extends Record<string, unknown>> {
  draft: D
  busy: boolean
  /** A refusal that is about no field of this form. */
  fault: string | undefined
  set(change: Partial<D>): void
  /** Value, change and fault of one text field. `params`: its names at the server; without any its own. */
  field(name: keyof D & string, ...params: string[]): { value: string; onValue(value: string): void; fault?: string }
  /** Sends it: a refusal ends at its field. */
  submit(send: () => Promise<unknown>): (event: Event) => Promise<void>
}

export function useForm<D extends Record<string, unknown>>(first: D): Form<D> {
  const [draft, setDraft] = useState(first)
  const [fault, setFault] = useState<{ param?: string; words: string }>()
  const [busy, setBusy] = useState(false)
  const set = (change: Partial<D>) => setDraft((d) => ({ ...d, ...change }))
  return {
    draft,
    busy,
    fault: fault?.param === undefined ? fault?.words : undefined,
    set,
    field(name, ...params) {
      const of = params.length === 0 ? [name] : params
      const told = fault?.param !== undefined && of.some((p) => fault.param!.startsWith(p)) ? fault.words : undefined
      return {
        value: String(draft[name] ?? ''),
        onValue: (value) => set({ [name]: value } as Partial<D>),
        ...(told !== undefined && { fault: told }),
      }
    },
    submit: (send) => async (event) => {
      event.preventDefault()
      setBusy(true)
      setFault(undefined)
      try {
        await send()
      } catch (error) {
        setFault({ param: error instanceof ApiError ? error.param : undefined, words: wordsOf(error) })
      } finally {
        setBusy(false)
      }
    },
  }
}

export function FormFault({ words }: { words: string | undefined }) {
  return words === undefined ? null : (
    <p class="bad" role="alert">
      {words}
    </p>
  )
}

/** A field for a number. `param`: its name at the server. */
export interface NumberField<D> {
  name: keyof D & string
  label: string
  hint?: string
  param?: string
  min?: number
  step?: 'any'
}

/** Numbers side by side. */
export function Numbers<D extends Record<string, unknown>>({
  form,
  fields,
}: {
  form: Form<D>
  fields: readonly NumberField<D>[]
}) {
  return (
    <div class="form-row">
      {fields.map(({ name, param, ...rest }) => (
        <Input key={name} type="number" {...rest} {...form.field(name, param ?? name)} />
      ))}
    </div>
  )
}

/** The lines of a text, without blank ones. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '')
