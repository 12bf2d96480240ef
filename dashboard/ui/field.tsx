/** Labelled inputs, with a hint and a fault that are read with them. */
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** What an input may be told besides, of the attributes this page uses. */
interface InputRest {
  type?: 'text' | 'password' | 'number' | 'search' | 'url' | 'datetime-local'
  required?: boolean
  disabled?: boolean
  maxLength?: number
  min?: number | string
  max?: number | string
  step?: number | string
  placeholder?: string
  pattern?: string
  inputMode?: 'numeric' | 'decimal'
  autocomplete?: 'off' | 'current-password'
  list?: string
}

interface AreaRest {
  rows?: number
  required?: boolean
  disabled?: boolean
  placeholder?: string
  onKeyDown?: (event: KeyboardEvent) => void
}

interface Common {
  label: string
  hint?: ComponentChildren
  fault?: string
}

function Frame({ id, label, hint, fault, children }: Common & { id: string; children: ComponentChildren }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      {hint !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {fault !== undefined && (
        <span class="fault" id={`${id}-fault`}>
          {fault}
        </span>
      )}
    </div>
  )
}

const about = (id: string, { hint, fault }: Common) =>
  [hint !== undefined ? `${id}-hint` : '', fault !== undefined ? `${id}-fault` : ''].filter(Boolean).join(' ') ||
  undefined

type InputProps = Common & { value: string; onValue: (value: string) => void } & InputRest

export function Input({ label, hint, fault, value, onValue, ...rest }: InputProps) {
  const id = useId()
  const common = { label, hint, fault }
  return (
    <Frame id={id} {...common}>
      <input
        autocomplete="off"
        spellcheck={false}
        {...(rest as object)}
        id={id}
        class="input"
        value={value}
        aria-invalid={fault !== undefined}
        aria-describedby={about(id, common)}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Frame>
  )
}

type AreaProps = Common & { value: string; onValue: (value: string) => void } & AreaRest

export function Area({ label, hint, fault, value, onValue, ...rest }: AreaProps) {
  const id = useId()
  const common = { label, hint, fault }
  return (
    <Frame id={id} {...common}>
      <textarea
        spellcheck={false}
        {...rest}
        id={id}
        class="area"
        value={value}
        aria-invalid={fault !== undefined}
        aria-describedby={about(id, common)}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </Frame>
  )
}

export interface Option {
  value: string
  label: string
}

export function Select({
  label,
  hint,
  fault,
  value,
  options,
  onValue,
  bare,
}: Common & { value: string; options: readonly Option[]; onValue: (value: string) => void; bare?: boolean }) {
  const id = useId()
  const common = { label, hint, fault }
  const control = (
    <select
      id={id}
      class="select"
      value={value}
      data-set={value !== ''}
      aria-label={bare ? label : undefined}
      aria-describedby={about(id, common)}
      onChange={(event) => onValue(event.currentTarget.value)}
    >
      {options.map((o) => (
        <option key={o.value} value={o.value} selected={o.value === value}>
          {o.label}
        </option>
      ))}
    </select>
  )
  return bare ? (
    control
  ) : (
    <Frame id={id} {...common}>
      {control}
    </Frame>
  )
}

export function Check({
  label,
  hint,
  checked,
  onValue,
}: {
  label: ComponentChildren
  hint?: ComponentChildren
  checked: boolean
  onValue: (checked: boolean) => void
}) {
  const id = useId()
  return (
    <div class="field">
      <div class="check">
        <input
          type="checkbox"
          id={id}
          checked={checked}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          onChange={(event) => onValue(event.currentTarget.checked)}
        />
        <label for={id}>{label}</label>
      </div>
      {hint !== undefined && (
        <span class="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
    </div>
  )
}
