/** What lies above the page: dialogs, drawers, menus. The browser's own `<dialog>` keeps the focus in and gives it back. */
import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { createStore, useStore } from '../lib/store.ts'
import { Button } from './basic.tsx'
import { Icon, type IconName } from './icon.tsx'

interface DialogProps {
  title: string
  onClose: () => void
  children: ComponentChildren
  foot?: ComponentChildren
  kind?: 'dialog' | 'drawer'
  wide?: boolean
}

export function Dialog({ title, onClose, children, foot, kind = 'dialog', wide }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const before = document.activeElement
    ref.current?.showModal()
    return () => {
      ref.current?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
      // What opened it may be gone or switched off by what was done: reading goes on at the content, not at the very top.
      if (document.activeElement !== before) document.getElementById('main')?.focus({ preventScroll: true })
    }
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself
    <dialog
      ref={ref}
      class={`${kind} ${wide ? 'wide' : ''}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => event.target === ref.current && onClose()}
    >
      <div class="dialog-head">
        <h2 id={id} class="grow clip">
          {title}
        </h2>
        <Button tone="quiet" icon="close" label="Close" onClick={onClose} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="dialog-body" tabIndex={0} aria-label={title}>
        {children}
      </section>
      {foot !== undefined && <div class="dialog-foot">{foot}</div>}
    </dialog>
  )
}

interface Question {
  title: string
  text: ComponentChildren
  yes: string
  danger: boolean
  answer: (yes: boolean) => void
}
const question = createStore<Question | undefined>(undefined)

/** Asks before something that cannot be undone. */
export function confirm(title: string, text: ComponentChildren, yes: string, danger = true): Promise<boolean> {
  return new Promise((resolve) => {
    question.set({
      title,
      text,
      yes,
      danger,
      answer(said) {
        question.set(undefined)
        resolve(said)
      },
    })
  })
}

export function Confirmations() {
  const q = useStore(question)
  if (q === undefined) return null
  return (
    <Dialog
      title={q.title}
      onClose={() => q.answer(false)}
      foot={
        <>
          <Button onClick={() => q.answer(false)}>Cancel</Button>
          <Button tone={q.danger ? 'danger' : 'primary'} onClick={() => q.answer(true)}>
            {q.yes}
          </Button>
        </>
      }
    >
      <div>{q.text}</div>
    </Dialog>
  )
}

export interface MenuItem {
  label: string
  icon?: IconName
  danger?: boolean
  onPick: () => void
}

/** A button with a menu: arrows move, letters jump, Escape closes and gives the focus back. */
export function Menu({
  label,
  icon = 'more',
  items,
  children,
}: {
  label: string
  icon?: IconName
  items: readonly MenuItem[]
  children?: ComponentChildren
}): JSX.Element {
  const [open, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const options = () => [...(list.current?.querySelectorAll<HTMLElement>('[role=menuitem]') ?? [])]
  /** In the top layer, so that no table cuts it off; above the button where there is no room below. */
  const place = () => {
    const node = list.current
    const button = root.current?.getBoundingClientRect()
    if (node === null || button === undefined) return
    if (typeof node.showPopover === 'function') node.showPopover()
    const { width, height } = node.getBoundingClientRect()
    const below = button.bottom + 4 + height <= innerHeight || button.top < height
    node.style.top = `${below ? button.bottom + 4 : button.top - 4 - height}px`
    node.style.left = `${Math.max(12, Math.min(button.right - width, innerWidth - width - 12))}px`
  }
  const close = (back: boolean) => {
    setOpen(false)
    if (back) root.current?.querySelector<HTMLElement>('button')?.focus()
  }
  useEffect(() => {
    if (!open) return
    place()
    options()[0]?.focus({ preventScroll: true })
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false)
    }
    const away = () => setOpen(false)
    document.addEventListener('pointerdown', outside)
    addEventListener('resize', away)
    document.addEventListener('scroll', away, true)
    return () => {
      document.removeEventListener('pointerdown', outside)
      removeEventListener('resize', away)
      document.removeEventListener('scroll', away, true)
    }
  }, [open])
  const onKeyDown = (event: KeyboardEvent) => {
    const all = options()
    const at = all.indexOf(document.activeElement as HTMLElement)
    const target = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key]
    if (target !== undefined) {
      event.preventDefault()
      all.at(target >= all.length ? 0 : target)?.focus()
    } else if (event.key === 'Escape') {
      event.preventDefault()
      event.stopPropagation()
      close(true)
    } else if (event.key === 'Tab') setOpen(false)
    else if (event.key.length === 1)
      all.find((o) => o.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))?.focus()
  }
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class={`btn quiet ${children === undefined ? 'icon sm' : ''}`}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' || open) return
          event.preventDefault()
          setOpen(true)
        }}
      >
        {children ?? <Icon name={icon} />}
      </button>
      {open && (
        <div
          class="menu-list"
          id={id}
          popover="manual"
          role="menu"
          aria-label={label}
          tabIndex={-1}
          ref={list}
          onKeyDown={onKeyDown}
        >
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={item.danger ? 'danger' : ''}
              onClick={() => {
                close(true)
                item.onPick()
              }}
            >
              {item.icon !== undefined && <Icon name={item.icon} />}
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** A row of tabs; `children` is what the chosen one shows. */
export function Tabs<T extends string>({
  label,
  value,
  options,
  onChange,
  children,
}: {
  label: string
  value: T
  options: readonly { value: T; label: string }[]
  onChange: (value: T) => void
  children: ComponentChildren
}) {
  const id = useId()
  const ref = useRef<HTMLDivElement>(null)
  const onKeyDown = (event: KeyboardEvent) => {
    const at = options.findIndex((o) => o.value === value)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: options.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const index = (to + options.length) % options.length
    onChange(options[index]!.value)
    ref.current?.querySelectorAll<HTMLElement>('[role=tab]')[index]?.focus()
  }
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={ref} onKeyDown={onKeyDown}>
        {options.map((o) => (
          <button
            key={o.value}
            type="button"
            role="tab"
            id={`${id}-${o.value}`}
            aria-selected={o.value === value}
            aria-controls={`${id}-panel`}
            tabIndex={o.value === value ? 0 : -1}
            onClick={() => onChange(o.value)}
          >
            {o.label}
          </button>
        ))}
      </div>
      <div class="stack" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${value}`}>
        {children}
      </div>
    </>
  )
}
