/** The form of the config, made from its JSON Schema. Each change is written into the text at its key. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useState } from 'preact/hooks'
import type { ConfigFault } from '../../src/server/admin/management/contract.ts'
import { type Path, pathText, valueAt } from '../lib/yaml-edit.ts'
import { Button, Pill } from '../ui/basic.tsx'
import { groupOf, kindOf, type Schema } from './schema.ts'

export interface FormContext {
  values: Record<string, unknown>
  effective: Record<string, unknown>
  faults: readonly ConfigFault[]
  secrets: ReadonlySet<string>
  readOnly: boolean
  set(path: Path, value: unknown): void
  /** Shows a key in the source. */
  reveal?(path: Path): void
}

interface NodeProps {
  name: string
  path: Path
  schema: Schema
  context: FormContext
}

const isMarker = (value: unknown) => typeof value === 'string' && /^\*\*\*\d*$/.test(value)

/** Faults at a key or below it. */
export function faultsBelow(faults: readonly ConfigFault[], path: Path): ConfigFault[] {
  const at = pathText(path)
  return faults.filter((f) => f.path === at || f.path.startsWith(`${at}.`) || f.path.startsWith(`${at}[`))
}

export function Setting(props: NodeProps) {
  const kind = kindOf(props.schema)
  switch (kind) {
    case 'group':
      return typeof valueAt(props.context.values, props.path) === 'string' ? (
        <Scalar {...props} />
      ) : (
        <Group {...props} />
      )
    case 'list':
      return <List {...props} />
    case 'record':
      return <RecordOf {...props} />
    case 'any':
      return <Elsewhere {...props} />
    default:
      return <Scalar {...props} />
  }
}

function Scalar({ name, path, schema, context }: NodeProps) {
  const id = useId()
  const kind = kindOf(schema)
  const value = valueAt(context.values, path)
  const standard = value === undefined ? (valueAt(context.effective, path) ?? schema.default) : schema.default
  const fault = context.faults.find((f) => f.path === pathText(path))?.message
  const hint = schema.description
  const described = [hint && `${id}-h`, fault && `${id}-f`].filter(Boolean).join(' ') || undefined
  const common = { id, disabled: context.readOnly, 'aria-describedby': described, 'aria-invalid': fault !== undefined }
  const standardWords =
    standard === undefined || standard === ''
      ? 'not set'
      : Array.isArray(standard)
        ? standard.join(', ') || 'none'
        : String(standard)
  const commit = (next: unknown) => {
    if (JSON.stringify(next) !== JSON.stringify(value)) context.set(path, next)
  }
  let control = (
    <TextControl
      common={common}
      value={value}
      placeholder={standardWords}
      commit={(t) =>
        commit(t === '' ? undefined : kind === 'number' || /^-?\d+$/.test(String(value ?? '')) ? numberOr(t) : t)
      }
    />
  )
  if (context.secrets.has(pathText(path)) || isMarker(value))
    control = <Secret common={common} path={path} context={context} />
  else if (kind === 'switch' && !(typeof value === 'string'))
    control = (
      <select
        {...common}
        class="select"
        value={value === undefined ? '' : String(value)}
        onChange={(e) => commit(e.currentTarget.value === '' ? undefined : e.currentTarget.value === 'true')}
      >
        <option value="">{`Default (${standard === undefined ? 'not set' : standard ? 'on' : 'off'})`}</option>
        <option value="true">On</option>
        <option value="false">Off</option>
      </select>
    )
  else if (kind === 'choice')
    control = (
      <select
        {...common}
        class="select"
        value={value === undefined ? '' : String(value)}
        onChange={(e) => commit(e.currentTarget.value || undefined)}
      >
        <option value="">{`Default (${standardWords})`}</option>
        {schema.enum?.map((v) => (
          <option key={String(v)} value={String(v)}>
            {String(v)}
          </option>
        ))}
        {value !== undefined && !schema.enum?.includes(value) && <option value={String(value)}>{String(value)}</option>}
      </select>
    )
  else if (kind === 'lines' || kind === 'one-or-lines')
    control = (
      <LinesControl
        common={common}
        value={value}
        one={kind === 'one-or-lines'}
        placeholder={standardWords}
        commit={commit}
      />
    )
  return (
    <div class="field" data-key={pathText(path)}>
      <label for={id}>
        <code>{name}</code>
      </label>
      {control}
      {fault !== undefined && (
        <span class="fault" id={`${id}-f`}>
          {fault}
        </span>
      )}
      {hint !== undefined && (
        <span class="hint" id={`${id}-h`}>
          {hint}
        </span>
      )}
    </div>
  )
}

const numberOr = (text: string): unknown => (/^-?\d+(?:\.\d+)?$/.test(text.trim()) ? Number(text) : text)

interface ControlProps {
  common: object
  value: unknown
  placeholder: string
}

/** Text that is written when one leaves the field, so that half-typed values stay out of the file. */
function TextControl({ common, value, placeholder, commit }: ControlProps & { commit: (text: string) => void }) {
  const shown = value === undefined || value === null ? '' : String(value)
  const [text, setText] = useState(shown)
  useEffect(() => setText(shown), [shown])
  return (
    <input
      {...common}
      class="input"
      autocomplete="off"
      spellcheck={false}
      value={text}
      placeholder={placeholder}
      onInput={(e) => setText(e.currentTarget.value)}
      onBlur={() => commit(text)}
      onKeyDown={(e) => e.key === 'Enter' && commit(text)}
    />
  )
}

function LinesControl({
  common,
  value,
  one,
  placeholder,
  commit,
}: ControlProps & { one: boolean; commit: (value: unknown) => void }) {
  const shown = Array.isArray(value)
    ? value.map(String).join('\n')
    : value === undefined || value === null
      ? ''
      : String(value)
  const [text, setText] = useState(shown)
  useEffect(() => setText(shown), [shown])
  const leave = () => {
    const list = text
      .split('\n')
      .map((l) => l.trim())
      .filter((l) => l !== '')
    commit(list.length === 0 ? undefined : one && list.length === 1 ? list[0] : list)
  }
  return (
    <textarea
      {...common}
      class="area"
      rows={Math.min(6, Math.max(2, text.split('\n').length))}
      spellcheck={false}
      value={text}
      placeholder={`${placeholder} (one a line)`}
      onInput={(e) => setText(e.currentTarget.value)}
      onBlur={leave}
    />
  )
}

/** A secret is never here: its marker is kept, or a new one is typed over it. */
function Secret({ common, path, context }: { common: object; path: Path; context: FormContext }) {
  const [text, setText] = useState('')
  const value = valueAt(context.values, path)
  const commit = () => {
    if (text.trim() !== '') context.set(path, text.trim())
    setText('')
  }
  return (
    <input
      {...common}
      class="input"
      type="password"
      autocomplete="new-password"
      value={text}
      placeholder={
        isMarker(value) ? 'kept as it is; type to replace' : value === undefined ? 'not set' : 'changed, not saved yet'
      }
      onInput={(e) => setText(e.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(e) => e.key === 'Enter' && commit()}
    />
  )
}

function Summary({ name, faults, note }: { name: string; faults: number; note?: string }) {
  return (
    <summary>
      <code>{name}</code>
      {note !== undefined && <span class="muted small clip">{note}</span>}
      {faults > 0 && (
        <span class="push">
          <Pill tone="bad">{`${faults} to mend`}</Pill>
        </span>
      )}
    </summary>
  )
}

/** A part that opens by itself when something in it is to be mended, and then stays as its reader leaves it. */
export function Fold({ force, children }: { force: boolean; children: ComponentChildren }) {
  const [open, setOpen] = useState(force)
  useEffect(() => {
    if (force) setOpen(true)
  }, [force])
  return (
    <details class="group" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      {children}
    </details>
  )
}

function Fields({ path, schema, context }: Omit<NodeProps, 'name'>) {
  return (
    <>
      {Object.entries(groupOf(schema).properties ?? {})
        .filter(([, s]) => s.deprecated !== true)
        .map(([key, s]) => (
          <Setting key={key} name={key} path={[...path, key]} schema={s} context={context} />
        ))}
    </>
  )
}

function Group({ name, path, schema, context }: NodeProps) {
  const faults = faultsBelow(context.faults, path).length
  const value = valueAt(context.values, path)
  const set = typeof value === 'object' && value !== null ? Object.keys(value).length : 0
  return (
    <Fold force={faults > 0}>
      <Summary name={name} faults={faults} note={set === 0 ? 'defaults' : `${set} set`} />
      <div class="body">
        {schema.description !== undefined && <p class="muted small">{schema.description}</p>}
        <Fields path={path} schema={schema} context={context} />
      </div>
    </Fold>
  )
}

/** What an entry of a list is called. */
function nameOf(value: unknown, index: number): string {
  if (typeof value === 'string') return isMarker(value) ? `${index + 1}: a secret` : `${index + 1}: ${value}`
  const entry = (value ?? {}) as Record<string, unknown>
  const told = entry['label'] ?? entry['display-name'] ?? entry['name'] ?? entry['alias']
  return `${index + 1}${told === undefined ? '' : `: ${String(told)}`}`
}

function List({ name, path, schema, context }: NodeProps) {
  const raw = valueAt(context.values, path)
  const list = Array.isArray(raw) ? raw : []
  const faults = faultsBelow(context.faults, path).length
  const item = schema.items ?? {}
  const blank = () => Object.fromEntries((groupOf(item).required ?? []).map((key) => [key, '']))
  return (
    <Fold force={faults > 0}>
      <Summary
        name={name}
        faults={faults}
        note={list.length === 0 ? 'none' : list.length === 1 ? '1 entry' : `${list.length} entries`}
      />
      <div class="body">
        {schema.description !== undefined && <p class="muted small">{schema.description}</p>}
        {list.map((entry, i) => (
          <div class="nest" key={i}>
            <div class="row">
              <h4 class="clip">{nameOf(entry, i)}</h4>
              <span class="push">
                <Button
                  small
                  tone="quiet"
                  icon="trash"
                  label={`Take out ${name} ${nameOf(entry, i)}`}
                  disabled={context.readOnly}
                  onClick={() => context.set(path, list.length === 1 ? undefined : list.filter((_, n) => n !== i))}
                />
              </span>
            </div>
            {typeof entry === 'object' && entry !== null ? (
              <Fields path={[...path, i]} schema={item} context={context} />
            ) : (
              <Scalar name="value" path={[...path, i]} schema={{ type: 'string' }} context={context} />
            )}
          </div>
        ))}
        <div>
          <Button
            small
            icon="plus"
            disabled={context.readOnly}
            onClick={() => context.set([...path, list.length], blank())}
          >
            Add
          </Button>
        </div>
      </div>
    </Fold>
  )
}

function RecordOf({ name, path, schema, context }: NodeProps) {
  const raw = valueAt(context.values, path)
  const entries = typeof raw === 'object' && raw !== null ? Object.keys(raw) : []
  const faults = faultsBelow(context.faults, path).length
  const [key, setKey] = useState('')
  const id = useId()
  const inner = schema.additionalProperties as Schema
  const empty = () =>
    kindOf(inner) === 'list' || kindOf(inner) === 'lines'
      ? []
      : kindOf(inner) === 'group' || kindOf(inner) === 'record'
        ? {}
        : ''
  const add = () => {
    const wanted = key.trim()
    if (wanted === '' || entries.includes(wanted)) return
    context.set([...path, wanted], empty())
    setKey('')
  }
  return (
    <Fold force={faults > 0}>
      <Summary name={name} faults={faults} note={entries.length === 0 ? 'none' : `${entries.length} set`} />
      <div class="body">
        {schema.description !== undefined && <p class="muted small">{schema.description}</p>}
        {entries.map((k) => (
          <div class="nest" key={k}>
            <div class="row top">
              <div class="grow">
                <Setting name={k} path={[...path, k]} schema={inner} context={context} />
              </div>
              <Button
                small
                tone="quiet"
                icon="trash"
                label={`Take out ${k}`}
                disabled={context.readOnly}
                onClick={() => context.set([...path, k], undefined)}
              />
            </div>
          </div>
        ))}
        <div class="row">
          <label class="sr" for={id}>
            New entry of {name}
          </label>
          <input
            id={id}
            class="input grow"
            value={key}
            placeholder="name"
            disabled={context.readOnly}
            onInput={(e) => setKey(e.currentTarget.value)}
            onKeyDown={(e) => e.key === 'Enter' && add()}
          />
          <Button icon="plus" disabled={context.readOnly || key.trim() === ''} onClick={add}>
            Add
          </Button>
        </div>
      </div>
    </Fold>
  )
}

/** What no control fits: it is changed in the source. */
function Elsewhere({ name, path, schema, context }: NodeProps) {
  const value = valueAt(context.values, path)
  return (
    <div class="field">
      <span class="label">
        <code>{name}</code>
      </span>
      <span class="hint">{schema.description ?? 'Any value.'}</span>
      {value !== undefined && <code class="small wrap-any">{JSON.stringify(value)}</code>}
      {context.reveal !== undefined && (
        <div>
          <Button small onClick={() => context.reveal?.(path)}>
            Edit in the source
          </Button>
        </div>
      )}
    </div>
  )
}
