/** Does it answer, how fast, and does a whole request go through? */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TestResult } from '../../src/server/admin/management/contract.ts'
import { call, wordsOf } from '../lib/api.ts'
import { useModels, useStatus } from '../lib/data.ts'
import { duration, span } from '../lib/format.ts'
import { setParams, usePlace } from '../lib/url.ts'
import { Button, Callout, Copy, Empty, Head, Pill, Words } from '../ui/basic.tsx'
import { Area, Check, Input, Select } from '../ui/field.tsx'
import { type Ping, PingChart, roundTrip } from '../ui/pings.tsx'
import { CallDrawer } from './call-drawer.tsx'

const KEPT = 60
const EVERY_MS = 2000
/** Kept while the page is open, so that leaving the view does not lose the history. */
let history: readonly Ping[] = []

export function ConnectionView() {
  const { params } = usePlace()
  return (
    <>
      <Head title="Connection" />
      <div class="cols-2">
        <Pings />
        <Test />
      </div>
      {params['id'] !== undefined && (
        <CallDrawer key={params['id']} id={params['id']} onClose={() => setParams({ id: undefined })} />
      )}
    </>
  )
}

function Pings() {
  const { data: status } = useStatus()
  const [list, setList] = useState(history)
  const [on, setOn] = useState(false)
  const [fault, setFault] = useState<string>()
  const busy = useRef(false)
  const ping = async () => {
    if (busy.current) return
    busy.current = true
    const at = performance.now()
    let ms: number | undefined
    try {
      await call('ping')
      ms = performance.now() - at
      setFault(undefined)
    } catch (error) {
      setFault(wordsOf(error))
      setOn(false)
    }
    busy.current = false
    history = [...history, { at: Date.now(), ms }].slice(-KEPT)
    setList(history)
  }
  useEffect(() => {
    if (!on) return
    void ping()
    const timer = setInterval(() => document.visibilityState === 'visible' && void ping(), EVERY_MS)
    return () => clearInterval(timer)
  }, [on])
  useEffect(() => {
    void ping()
  }, [])
  const times = list.flatMap((p) => (p.ms === undefined ? [] : [p.ms]))
  const top = Math.max(1, ...times)
  const mean = times.length === 0 ? undefined : times.reduce((a, b) => a + b, 0) / times.length
  const last = list.at(-1)
  return (
    <section class="card stack" aria-labelledby="c-ping">
      <div class="row">
        <h2 id="c-ping" class="plain">
          This page to LogicaProxy
        </h2>
        <div class="row push">
          <Button small onClick={ping}>
            Ping
          </Button>
          <Button small icon={on ? 'pause' : 'play'} aria-pressed={on} onClick={() => setOn(!on)}>
            {on ? 'Stop' : 'Keep pinging'}
          </Button>
        </div>
      </div>
      <PingChart
        list={list}
        words={
          list.length === 0
            ? 'No pings yet'
            : `The last ${list.length} pings: ${roundTrip(mean)} on average, ${roundTrip(top)} at most, ${list.length - times.length} lost`
        }
      />
      <dl class="facts four" aria-live="polite">
        <dt>Last</dt>
        <dd class="tab">{last === undefined ? '–' : last.ms === undefined ? 'lost' : roundTrip(last.ms)}</dd>
        <dt>Average</dt>
        <dd class="tab">{roundTrip(mean)}</dd>
        <dt>Slowest</dt>
        <dd class="tab">{times.length === 0 ? '–' : roundTrip(top)}</dd>
        <dt>Lost</dt>
        <dd class="tab">
          {list.length - times.length} of {list.length}
        </dd>
      </dl>
      {fault !== undefined && <Callout tone="bad">{fault}</Callout>}
      <dl class="facts">
        <dt>Address</dt>
        <dd class="row">
          <code class="wrap-any">{status?.url ?? '–'}</code>
          {status !== undefined && <Copy text={status.url} what="address for clients" />}
        </dd>
        <dt>Up</dt>
        <dd>{status === undefined ? '–' : span(status.uptimeMs)}</dd>
        <dt>Store</dt>
        <dd>
          {status === undefined
            ? '–'
            : `${status.store.engine}, ${status.store.ok ? 'writing' : (status.store.trouble ?? 'in trouble')}`}
        </dd>
        <dt>Vault</dt>
        <dd>
          {status === undefined
            ? '–'
            : status.vault.is === 'locked'
              ? `locked: ${status.vault.reason ?? ''} ${status.vault.help ?? ''}`
              : `${status.vault.is}${status.vault.wrap === undefined ? '' : `, ${status.vault.wrap}`}`}
        </dd>
      </dl>
    </section>
  )
}

function Test() {
  const { params } = usePlace()
  const { data: models } = useModels()
  const [model, setModel] = useState(params['model'] ?? 'auto')
  const [protocol, setProtocol] = useState('openai-chat')
  const [prompt, setPrompt] = useState('Say hello in five words.')
  const [stream, setStream] = useState(true)
  const [busy, setBusy] = useState(false)
  const [result, setResult] = useState<TestResult>()
  const [fault, setFault] = useState<string>()
  const send = async (event: Event) => {
    event.preventDefault()
    setBusy(true)
    setFault(undefined)
    setResult(undefined)
    try {
      setResult(await call('test', { body: { model: model.trim(), protocol, prompt, stream } }))
    } catch (error) {
      setFault(wordsOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section class="card stack" aria-labelledby="c-test">
      <h2 id="c-test" class="plain">
        A whole request
      </h2>
      <p class="muted small">
        Sent down the same road as those of your programs, to a real account: it counts against its allowance.
      </p>
      <form class="form" onSubmit={send}>
        <div class="form-row">
          <Input label="Model" value={model} onValue={setModel} list="test-models" required />
          <datalist id="test-models">
            <option value="auto" />
            {models?.slice(0, 300).map((m) => (
              <option key={m.id} value={m.id} />
            ))}
          </datalist>
          <Select
            label="Dialect"
            value={protocol}
            onValue={setProtocol}
            options={['openai-chat', 'openai-responses', 'anthropic', 'gemini'].map((p) => ({ value: p, label: p }))}
          />
        </div>
        <Area label="Prompt" value={prompt} onValue={setPrompt} rows={2} required />
        <div class="row">
          <Check label="Stream" checked={stream} onValue={setStream} />
          <span class="push">
            <Button type="submit" tone="primary" icon="arrow" busy={busy}>
              {busy ? 'Waiting for the answer' : 'Send test request'}
            </Button>
          </span>
        </div>
      </form>
      <div aria-live="polite" class="stack">
        {fault !== undefined && <Callout tone="bad">{fault}</Callout>}
        {result === undefined && fault === undefined && (
          <Empty icon="connection" title={busy ? 'On its way' : 'The answer appears here'} />
        )}
        {result !== undefined && (
          <>
            <div class="row">
              <Pill tone={result.ok ? 'good' : 'bad'}>{result.ok ? 'It works' : `Failed with ${result.status}`}</Pill>
              <span class="muted small tab">
                {duration(result.ms)}
                {result.firstEventMs !== undefined && `, first content after ${duration(result.firstEventMs)}`}
              </span>
              <span class="push">
                <Button small onClick={() => setParams({ id: result.requestId }, false)}>
                  Open its timeline
                </Button>
              </span>
            </div>
            {result.failure !== undefined && (
              <Callout tone="bad">
                <Words text={result.failure} />
              </Callout>
            )}
            {result.text !== '' && <blockquote class="quote wrap-any">{result.text}</blockquote>}
            <dl class="facts">
              <dt>Answered by</dt>
              <dd>
                {result.servedModel || '–'} <span class="muted">{result.provider}</span>
              </dd>
              <dt>Account</dt>
              <dd>{result.account || '–'}</dd>
              <dt>Lane</dt>
              <dd>{result.lane || '–'}</dd>
              {result.category !== undefined && (
                <>
                  <dt>Category</dt>
                  <dd>{result.category}</dd>
                </>
              )}
            </dl>
          </>
        )}
      </div>
    </section>
  )
}
