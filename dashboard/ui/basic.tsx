/** The small parts every view is made of. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Told } from '../../src/server/admin/management/contract.ts'
import { useNow } from '../lib/clock.ts'
import { exact, momentsOf, percent, relative, when } from '../lib/format.ts'
import { Icon, type IconName } from './icon.tsx'
import { toast } from './toast.tsx'

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'plain'

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'icon'> & {
  tone?: 'primary' | 'danger' | 'quiet'
  small?: boolean
  icon?: IconName
  /** Only the icon is shown; `label` is what it is called. */
  label?: string
  busy?: boolean
}

export function Button({ tone, small, icon, label, busy, children, ...rest }: ButtonProps): JSX.Element {
  const bare = label !== undefined && children === undefined
  return (
    <button
      type="button"
      {...rest}
      class={`btn ${tone ?? ''} ${small ? 'sm' : ''} ${bare ? 'icon' : ''}`}
      aria-label={label ?? rest['aria-label']}
      title={bare ? label : undefined}
      aria-busy={busy}
      disabled={busy || rest.disabled}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  )
}

const PILL_ICONS: Record<Tone, IconName | undefined> = {
  good: 'check',
  warn: 'clock',
  bad: 'warning',
  info: 'info',
  plain: undefined,
}

/** A state: its tone is said by shape and word, not by colour alone. */
export function Pill({
  tone = 'plain',
  icon,
  children,
}: {
  tone?: Tone
  icon?: IconName
  children: ComponentChildren
}) {
  const name = icon ?? PILL_ICONS[tone]
  return (
    <span class={`pill ${tone}`}>
      {name !== undefined && <Icon name={name} size={12} />}
      <span class="clip">{children}</span>
    </span>
  )
}

/**
 * A time in the reader's own clock; the exact one with its zone on hover.
 * `as`: `both` is `in 36 min (20:07)`, `gap` is `in 36 min`, `clock` is `20:07`, with the day where it is another.
 */
export function Time({
  at,
  as = 'both',
  fine = false,
}: {
  at: number
  as?: 'both' | 'gap' | 'clock'
  /** Each second, for what is close. */
  fine?: boolean
}) {
  const now = useNow(fine)
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {as === 'clock' ? when(at, now) : relative(at, now)}
      {as === 'both' && ` (${when(at, now)})`}
    </time>
  )
}

/**
 * A sentence of the server, with the moments in it told in local time.
 * @param parts the same with its moments apart, where the server told it so.
 */
export function Words({ text, parts }: { text: string; parts?: Told }) {
  const pieces = parts?.map((p) => (typeof p === 'string' ? p : Date.parse(p.time))) ?? momentsOf(text)
  return <>{pieces.map((piece, i) => (typeof piece === 'number' ? <Time key={i} at={piece} as="clock" /> : piece))}</>
}

/** How full something is. `words`: what a screen reader says. */
export function Meter({ share, words }: { share: number; words: string }) {
  const shown = Math.min(1, Math.max(0, share))
  const tone = share >= 0.95 ? 'bad' : share >= 0.8 ? 'warn' : ''
  return (
    // biome-ignore lint/a11y/useSemanticElements: browsers do not let a <meter> be dressed alike
    <div
      class="meter"
      role="meter"
      aria-label={words}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(shown * 100)}
      aria-valuetext={percent(share)}
    >
      <span class={tone} style={{ width: `${shown * 100}%` }} />
    </div>
  )
}

const CALLOUT_ICONS = { good: 'check', warn: 'warning', bad: 'error', info: 'info', plain: 'info' } as const

export function Callout({
  tone = 'info',
  children,
  action,
}: {
  tone?: Tone
  children: ComponentChildren
  action?: ComponentChildren
}) {
  return (
    <div class={`callout ${tone}`}>
      <Icon name={CALLOUT_ICONS[tone]} />
      <div class="wrap-any stack-sm">{children}</div>
      {action !== undefined && <div class="row">{action}</div>}
    </div>
  )
}

/** What a list shows before there is anything in it: what belongs here, and the next step. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: IconName
  title: string
  children?: ComponentChildren
  action?: ComponentChildren
}) {
  return (
    <div class="empty">
      <Icon name={icon} size={28} />
      <p class="empty-title">{title}</p>
      {children !== undefined && <p>{children}</p>}
      {action !== undefined && <div class="row">{action}</div>}
    </div>
  )
}

/** Holds the place of what is on its way, at its height. */
export function Skeleton({ height, count = 1 }: { height: number; count?: number }) {
  return (
    <div class="stack" aria-hidden="true">
      {Array.from({ length: count }, (_, i) => (
        <div key={i} class="skeleton" style={{ height: `${height}px` }} />
      ))}
    </div>
  )
}

/** The title of a view; it takes the focus when somebody comes by the navigation. */
export function Head({
  title,
  children,
  actions,
}: {
  title: string
  children?: ComponentChildren
  actions?: ComponentChildren
}) {
  const ref = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    document.title = `${title} · LogicaProxy`
    if (arriving()) ref.current?.focus()
  }, [title])
  return (
    <header class="head">
      <h1 ref={ref} tabIndex={-1}>
        {title}
      </h1>
      {actions !== undefined && <div class="row push">{actions}</div>}
      {children !== undefined && <p>{children}</p>}
    </header>
  )
}

/** The person has just followed a link of the navigation: then the view's title is where reading goes on. */
function arriving(): boolean {
  return document.activeElement?.closest('.nav') !== null && document.activeElement?.closest('.nav') !== undefined
}

export function Section({
  title,
  children,
  actions,
  note,
}: {
  title: string
  children: ComponentChildren
  actions?: ComponentChildren
  note?: ComponentChildren
}) {
  const id = `s-${title.toLowerCase().replace(/\W+/g, '-')}`
  return (
    <section class="section" aria-labelledby={id}>
      <div class="section-head">
        <h2 id={id}>{title}</h2>
        {note !== undefined && <span class="muted small">{note}</span>}
        {actions !== undefined && <div class="row push">{actions}</div>}
      </div>
      {children}
    </section>
  )
}

/** Copies a text, and says so. */
export function Copy({
  text,
  label = 'Copy',
  what,
  small = true,
}: {
  text: string
  label?: string
  what: string
  small?: boolean
}) {
  const [copied, setCopied] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
    } catch {
      if (!copyByHand(text)) {
        toast('The browser did not allow copying. Select the text and copy it by hand.', { tone: 'warn' })
        return
      }
    }
    setCopied(true)
    toast(`Copied: ${what}.`)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setCopied(false), 2000)
  }
  return (
    <Button small={small} icon={copied ? 'check' : 'copy'} onClick={copy} aria-label={`${label}: ${what}`}>
      {label}
    </Button>
  )
}

/** Pages served over plain HTTP from another machine have no clipboard API. */
function copyByHand(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('readonly', '')
  area.className = 'sr'
  const host = document.querySelector('dialog[open]') ?? document.body
  host.append(area)
  const before = document.activeElement
  area.select()
  const done = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return done
}

export function Code({ text, what }: { text: string; what: string }) {
  return (
    <div class="code">
      <Scroll name={what}>
        <pre>
          <code>{text}</code>
        </pre>
      </Scroll>
      <Copy text={text} what={what} />
    </div>
  )
}

/** One of a few choices, as a row of radio buttons with roving focus. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: T
  options: readonly { value: T; label: string; icon?: IconName }[]
  onChange: (value: T) => void
}) {
  const ref = useRef<HTMLDivElement>(null)
  const step = (by: number) => {
    const at = options.findIndex((o) => o.value === value)
    const next = options[(at + by + options.length) % options.length]!
    onChange(next.value)
    ref.current?.querySelectorAll<HTMLElement>('button')[options.indexOf(next)]?.focus()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
    if (by === undefined) return
    event.preventDefault()
    step(by)
  }
  return (
    <div class="seg" role="radiogroup" aria-label={label} ref={ref} onKeyDown={onKeyDown}>
      {options.map((o) => (
        // biome-ignore lint/a11y/useSemanticElements: a radio group of buttons, as ARIA's pattern has it
        <button
          type="button"
          key={o.value}
          role="radio"
          aria-checked={o.value === value}
          aria-label={o.icon === undefined ? undefined : o.label}
          title={o.icon === undefined ? undefined : o.label}
          tabIndex={o.value === value ? 0 : -1}
          onClick={() => onChange(o.value)}
        >
          {o.icon === undefined ? o.label : <Icon name={o.icon} size={14} />}
        </button>
      ))}
    </div>
  )
}

/** What went wrong with a fetch, with a way to try again. */
export function Trouble({ words, retry }: { words: string; retry: () => void }) {
  return (
    <Callout
      tone="bad"
      action={
        <Button small icon="refresh" onClick={retry}>
          Try again
        </Button>
      }
    >
      {words}
    </Callout>
  )
}

/** Two letters for a provider, so that lists can be scanned. */
export function Mark({ provider, small }: { provider: string; small?: boolean }) {
  const letters = provider.replace(/[^\p{L}\p{N}]/gu, '').slice(0, 2)
  return (
    <span class={`mark ${small ? 'sm' : ''}`} aria-hidden="true">
      {letters.charAt(0).toUpperCase()}
      {letters.charAt(1)}
    </span>
  )
}

/** A part that scrolls by itself: reachable by keyboard, and named. */
export function Scroll({ name, height, children }: { name: string; height?: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section class="scroller" tabIndex={0} aria-label={name} style={height === undefined ? {} : { maxHeight: height }}>
      {children}
    </section>
  )
}
