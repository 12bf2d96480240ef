/** The router's playground: what kind of work a prompt is, why, who would get it, and "this is wrong". */
import { useState } from 'preact/hooks'
import type { RouteExplained } from '../../src/server/admin/management/contract.ts'
import { call, wordsOf } from '../lib/api.ts'
import { duration, percent } from '../lib/format.ts'
import { invalidate, useQuery } from '../lib/query.ts'
import { Button, Callout, Empty, Head, Pill, Section, Words } from '../ui/basic.tsx'
import { Area, Input, Select } from '../ui/field.tsx'
import { Table } from '../ui/table.tsx'
import { attempt, toast } from '../ui/toast.tsx'
import { Standings } from './standings.tsx'

const EXAMPLES = [
  'refactor this function to use async/await',
  'Compare event sourcing and CRUD for a small team, and recommend one.',
  'Translate to French: good morning, everyone.',
  'Write a short story about a lighthouse keeper.',
  'What do these monthly sales figures tell us about Q3?',
]

export function RouterView() {
  const [prompt, setPrompt] = useState('')
  const [model, setModel] = useState('auto')
  const [protocol, setProtocol] = useState('openai-chat')
  const [asked, setAsked] = useState('')
  const [result, setResult] = useState<RouteExplained>()
  const [fault, setFault] = useState<string>()
  const [busy, setBusy] = useState(false)
  const explain = async (text: string) => {
    if (text.trim() === '') return
    setBusy(true)
    setFault(undefined)
    try {
      setResult(await call('explainRoute', { body: { prompt: text, model: model.trim() || 'auto', protocol } }))
      setAsked(text)
    } catch (error) {
      setFault(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <Head title="Router">
        Type a prompt and see which kind of work it is taken for, what spoke for that, and which account would get it.
        Nothing is sent.
      </Head>
      <div class="cols-2">
        <form
          class="card form"
          onSubmit={(event) => {
            event.preventDefault()
            void explain(prompt)
          }}
        >
          <Area
            label="Prompt"
            value={prompt}
            onValue={setPrompt}
            rows={7}
            fault={fault}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
                event.preventDefault()
                void explain(prompt)
              }
            }}
          />
          <div class="form-row">
            <Input label="Model" value={model} onValue={setModel} />
            <Select
              label="Dialect of the client"
              value={protocol}
              onValue={setProtocol}
              options={['openai-chat', 'openai-responses', 'anthropic', 'gemini'].map((p) => ({ value: p, label: p }))}
            />
          </div>
          <div class="row">
            <Button type="submit" tone="primary" busy={busy} disabled={prompt.trim() === ''}>
              Explain
            </Button>
            <span class="muted small hide-s">Ctrl+Enter</span>
          </div>
          <div class="stack-sm">
            <span class="field-label">Try one of these</span>
            <ul class="stack-sm list small picks">
              {EXAMPLES.map((e) => (
                <li key={e}>
                  <button
                    type="button"
                    class="link"
                    onClick={() => {
                      setPrompt(e)
                      void explain(e)
                    }}
                  >
                    {e}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        </form>
        <div class="stack" aria-live="polite">
          {result === undefined ? (
            <div class="card">
              <Empty icon="router" title="The decision appears here">
                Scores for each kind of work, the words that spoke for it, and the accounts in the order in which they
                would be tried.
              </Empty>
            </div>
          ) : (
            <Decision result={result} prompt={asked} again={() => explain(asked)} />
          )}
        </div>
      </div>
      <Examples />
    </>
  )
}

/** The button that opened it is gone: the keyboard goes on at the first choice. */
const focusFirst = (node: HTMLElement | null) => node?.querySelector('button')?.focus()

function Decision({ result, prompt, again }: { result: RouteExplained; prompt: string; again: () => void }) {
  const { decision: d } = result
  const [wrong, setWrong] = useState(false)
  const categories = d === undefined ? [] : Object.entries(d.scores).sort((a, b) => b[1] - a[1])
  const teach = async (category: string) => {
    const ok = await attempt(async () => {
      const made = await call('routeFeedback', { body: { text: prompt, category } })
      invalidate('examples')
      toast(`Learned: this is ${category}.`, {
        undo: async () => {
          await attempt(
            () => call('forgetExample', { id: made.id }).finally(() => invalidate('examples')),
            'Forgotten.',
          )
          again()
        },
      })
    })
    if (ok) {
      setWrong(false)
      again()
    }
  }
  return (
    <>
      <div class="card stack">
        <div class="row">
          {d !== undefined && <Pill tone="info">{d.category}</Pill>}
          {d !== undefined && (
            <span class="muted small tab">
              {d.confidence === undefined ? '' : `${percent(d.confidence)} sure · `}
              {d.language}
              {d.hard ? ' · hard' : ''}
            </span>
          )}
          <span class="muted small tab push">
            {result.tookMs < 1 ? `${Math.round(result.tookMs * 1000)} µs` : duration(result.tookMs)}
          </span>
        </div>
        <p>
          <Words text={result.words} />
        </p>
        {result.failure !== undefined && (
          <Callout tone="bad">
            <Words text={result.failure} />
          </Callout>
        )}
        {d !== undefined && result.category !== undefined && result.category !== d.category && (
          <Callout>Not sure enough: it is routed as {result.category}.</Callout>
        )}
        {result.dryRun && (
          <Callout>The router only watches (ai-router.dry-run): the model named in the request answers.</Callout>
        )}
        {result.needs.length > 0 && <p class="small muted">Needs of a model: {result.needs.join(', ')}.</p>}
        {result.skipped.length > 0 && (
          <ul class="stack-sm list small">
            {result.skipped.map((s) => (
              <li key={s.model} class="wrap-any">
                <code>{s.model}</code> was passed over: {s.why}
              </li>
            ))}
          </ul>
        )}
        {d !== undefined && (
          <>
            <dl class="scores">
              {categories.map(([name, score]) => (
                <>
                  <dt key={`${name}-n`} class={name === d.category ? 'strong' : ''}>
                    {name}
                  </dt>
                  <dd key={`${name}-b`}>
                    <div class="meter thin" aria-hidden="true">
                      <span class={name === d.category ? '' : 'dim'} style={{ width: `${score * 100}%` }} />
                    </div>
                  </dd>
                  <dd key={`${name}-v`} class="num">
                    {percent(score)}
                  </dd>
                </>
              ))}
            </dl>
            {d.signals.length > 0 && (
              <div class="stack-sm">
                <span class="field-label">What spoke for it</span>
                <ul class="tags">
                  {d.signals.map((s) => (
                    <li key={s.words} class="tag" title={`${s.category} ${s.weight.toFixed(2)}`}>
                      {s.words}{' '}
                      <span class="tab">
                        {s.weight > 0 ? '+' : ''}
                        {s.weight.toFixed(1)}
                      </span>
                    </li>
                  ))}
                </ul>
              </div>
            )}
            <p class="muted small">
              <Words text={d.reason} />
            </p>
            {wrong ? (
              <fieldset class="stack-sm" ref={focusFirst}>
                <legend class="field-label">What is it instead?</legend>
                <div class="row">
                  {categories
                    .filter(([name]) => name !== d.category)
                    .map(([name]) => (
                      <Button small key={name} onClick={() => teach(name)}>
                        {name}
                      </Button>
                    ))}
                  <Button small tone="quiet" onClick={() => setWrong(false)}>
                    Cancel
                  </Button>
                </div>
              </fieldset>
            ) : (
              <div>
                <Button small icon="edit" onClick={() => setWrong(true)}>
                  This is wrong
                </Button>
              </div>
            )}
          </>
        )}
      </div>
      {result.targets.length > 0 && (
        <div class="card stack">
          <h2>Who would get it</h2>
          <Standings targets={result.targets} />
        </div>
      )}
    </>
  )
}

/** What the router was taught; shared with the control panel. */
export function Examples() {
  const { data } = useQuery('examples', () => call('routeExamples'))
  const forget = (id: string, text: string, category: string) =>
    attempt(
      () => call('forgetExample', { id }).finally(() => invalidate('examples')),
      'Forgotten.',
      () => call('routeFeedback', { body: { text, category } }).finally(() => invalidate('examples')),
    )
  return (
    <Section title="What it was taught">
      <div class="card flush">
        {data === undefined || data.examples.length === 0 ? (
          <Empty icon="book" title="Nothing yet">
            Say “This is wrong” to a decision: the router heeds the example at once, and for prompts like it.
          </Empty>
        ) : (
          <Table
            caption="Examples the router was taught"
            columns={[
              { title: 'Text', look: 'wrap-any', cell: (e) => <span class="lines-2">{e.text}</span> },
              { title: 'Is', cell: (e) => <Pill tone="info">{e.category}</Pill> },
              {
                title: 'Forget',
                bare: true,
                number: true,
                cell: (e) => (
                  <Button
                    small
                    tone="quiet"
                    icon="trash"
                    label={`Forget: ${e.text.slice(0, 60)}`}
                    onClick={() => forget(e.id, e.text, e.category)}
                  />
                ),
              },
            ]}
            rows={data.examples}
            keyOf={(e) => e.id}
            height="360px"
          />
        )}
      </div>
    </Section>
  )
}
