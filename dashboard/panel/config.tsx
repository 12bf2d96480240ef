/** The config editor: the form and the source side by side, one text. */
import { useRef, useState } from 'preact/hooks'
import { call } from '../lib/api.ts'
import { invalidate } from '../lib/query.ts'
import { useWidth } from '../lib/width.ts'
import { lineOf, type Path } from '../lib/yaml-edit.ts'
import { Button, Callout, Head, Pill, Segmented, Skeleton, Trouble } from '../ui/basic.tsx'
import { attempt } from '../ui/toast.tsx'
import { type Draft, useDraft } from './draft.ts'
import { Fold, type FormContext, faultsBelow, Setting } from './form.tsx'
import { FaultList, History, SaveBar } from './save.tsx'
import { type Schema, SECTIONS } from './schema.ts'
import { Source, type SourceHandle } from './source.tsx'

const PANES = [
  { value: 'both', label: 'Form and source' },
  { value: 'form', label: 'Form' },
  { value: 'source', label: 'Source' },
] as const
type Pane = (typeof PANES)[number]['value']

export function contextOf(draft: Draft, reveal?: (path: Path) => void): FormContext {
  return {
    values: draft.parsed.values,
    effective: draft.view?.effective ?? {},
    faults: draft.faults,
    secrets: new Set(draft.view?.secrets),
    readOnly: draft.view?.editable !== true,
    set: draft.set,
    reveal,
  }
}

export function ConfigView() {
  const draft = useDraft()
  const wide = useWidth() === 'wide'
  const [chosen, setPane] = useState<Pane>()
  // Side by side needs room.
  const pane = chosen ?? (wide ? 'both' : 'form')
  const [history, setHistory] = useState(false)
  const source = useRef<SourceHandle>(undefined)
  const { view, schema } = draft
  const goTo = (line: number) => {
    if (pane === 'form') setPane(wide ? 'both' : 'source')
    setTimeout(() => source.current?.goTo(line), 0)
  }
  const reveal = (path: Path) => goTo(lineOf(draft.text, path) ?? 1)
  return (
    <>
      <Head
        title="Config"
        actions={
          <>
            <Button small icon="clock" onClick={() => setHistory(true)}>
              History
            </Button>
            <Button
              small
              icon="refresh"
              onClick={() =>
                attempt(() => call('reload').finally(() => invalidate('config')), 'The file was read again.')
              }
            >
              Read file again
            </Button>
          </>
        }
      >
        {view?.file !== undefined && <code class="wrap-any">{view.file}</code>}
      </Head>
      {draft.error !== undefined && view === undefined && (
        <Trouble words={draft.error} retry={() => invalidate('config')} />
      )}
      {view !== undefined && !view.editable && (
        <Callout tone="warn">{view.because ?? 'This config cannot be changed here.'}</Callout>
      )}
      {view !== undefined && view.digest !== view.inForce && (
        <Callout tone="warn">
          The file as it stands is not in force: the text before it still is. Mend the faults below.
        </Callout>
      )}
      {view === undefined || schema === undefined ? (
        draft.error === undefined && <Skeleton height={420} />
      ) : (
        <>
          <div class="row">
            <Segmented label="What is shown" value={pane} options={PANES} onChange={setPane} />
            <div class="grow">
              <SaveBar draft={draft} />
            </div>
          </div>
          <div class={pane === 'both' ? 'editor' : 'editor one'}>
            {pane !== 'source' && <FormPane draft={draft} schema={schema} context={contextOf(draft, reveal)} />}
            {pane !== 'form' && (
              <Source
                text={draft.text}
                faults={draft.faults}
                readOnly={!view.editable}
                onText={draft.setText}
                handle={source}
              />
            )}
          </div>
          <FaultList draft={draft} goTo={goTo} />
        </>
      )}
      {history && view !== undefined && <History digest={view.digest} onClose={() => setHistory(false)} />}
    </>
  )
}

/** All keys of the schema by section; those that match the search, if there is one. */
function FormPane({ draft, schema, context }: { draft: Draft; schema: Schema; context: FormContext }) {
  const [text, setText] = useState('')
  const properties = Object.entries(schema.properties ?? {}).filter(([, s]) => s.deprecated !== true)
  const known = new Set(SECTIONS.flatMap((s) => s.keys))
  const rest = properties.map(([key]) => key).filter((key) => !known.has(key) && key !== 'ws-auth')
  const wanted = text.trim().toLowerCase()
  const fits = (key: string) => {
    const entry = schema.properties?.[key]
    return (
      entry !== undefined &&
      (wanted === '' ||
        `${key} ${entry.description ?? ''} ${Object.keys(entry.properties ?? {}).join(' ')}`
          .toLowerCase()
          .includes(wanted))
    )
  }
  if (draft.parsed.faults.length > 0)
    return (
      <div class="form-pane">
        <Callout tone="warn">
          The source has a fault of syntax in line {draft.parsed.faults[0]!.line}. The form comes back when it is
          mended.
        </Callout>
      </div>
    )
  const sections = [...SECTIONS, ...(rest.length > 0 ? [{ title: 'More', keys: rest }] : [])]
    .map((s) => ({ ...s, keys: s.keys.filter(fits) }))
    .filter((s) => s.keys.length > 0)
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="form-pane" aria-label="Form" tabIndex={0}>
      <input
        class="input"
        type="search"
        aria-label="Search settings"
        placeholder="Search settings"
        value={text}
        onInput={(e) => setText(e.currentTarget.value)}
      />
      {sections.length === 0 && <p class="muted">No setting of that name.</p>}
      {sections.map((s) => {
        const set = s.keys.filter((k) => context.values[k] !== undefined).length
        const faults = s.keys.reduce((sum, k) => sum + faultsBelow(context.faults, [k]).length, 0)
        return (
          <Fold key={s.title} force={wanted !== '' || faults > 0}>
            <summary>
              {s.title}
              <span class="muted small">{set === 0 ? 'defaults' : `${set} set`}</span>
              {faults > 0 && (
                <span class="push">
                  <Pill tone="bad">{`${faults} to mend`}</Pill>
                </span>
              )}
            </summary>
            <div class="body">
              {s.keys.map((key) => (
                <Setting key={key} name={key} path={[key]} schema={schema.properties![key]!} context={context} />
              ))}
            </div>
          </Fold>
        )
      })}
    </section>
  )
}

/** The same form for a few keys, on a page about them. */
export function PartOfConfig({ keys }: { keys: readonly string[] }) {
  const draft = useDraft()
  const { schema, view } = draft
  if (draft.error !== undefined && view === undefined)
    return <Trouble words={draft.error} retry={() => invalidate('config')} />
  if (view === undefined || schema === undefined) return <Skeleton height={480} />
  if (draft.parsed.faults.length > 0)
    return (
      <Callout tone="warn">
        The config file has a fault of syntax in line {draft.parsed.faults[0]!.line}. Mend it in the config editor
        first.
      </Callout>
    )
  const context = contextOf(draft)
  return (
    <div class="card stack">
      {keys.map(
        (key) =>
          schema.properties?.[key] !== undefined && (
            <Setting key={key} name={key} path={[key]} schema={schema.properties[key]} context={context} />
          ),
      )}
      <FaultList draft={draft} />
      <SaveBar draft={draft} />
    </div>
  )
}
