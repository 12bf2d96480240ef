/**
 * A table of any length: only the rows in sight (and a few beside) are in the document. Rows have one height, so that
 * the scroll bar tells the truth. One tab stop; arrows, Page and Home/End move, Enter opens.
 */
import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useWidth } from '../lib/width.ts'

export interface Column<T> {
  title: string
  /** CSS width of the column; the ones without share what is left. */
  width?: string
  /** Right-aligned numbers. */
  number?: boolean
  /** Left out below 900 px (`m`) or 560 px (`s`). */
  hide?: 'm' | 's'
  cell: (row: T) => ComponentChildren
  /** A second line below it where there is no room for more columns. */
  under?: (row: T) => ComponentChildren
  /** Full text, shown on hover where it is cut off. */
  full?: (row: T) => string
}

interface RowsProps<T> {
  caption: string
  columns: readonly Column<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
  /** What opens a row; its first cell becomes the button. */
  onOpen?: (row: T) => void
  nameOf?: (row: T) => string
  openKey?: string
  /** Called when the end comes near. */
  onEnd?: () => void
  /** How many rows there are in all, where more are known of than loaded. */
  total?: number
  /** CSS height of the scrolling box. */
  height: string
  onTop?: (atTop: boolean) => void
}

const BESIDE = 8

export function Rows<T>({
  caption,
  columns: all,
  rows,
  keyOf,
  onOpen,
  nameOf,
  openKey,
  onEnd,
  total,
  height,
  onTop,
}: RowsProps<T>) {
  const width = useWidth()
  // Left out of the document, not only of sight: a hidden column would still take its share of a fixed layout.
  const columns = all.filter((c) => c.hide === undefined || width === 'wide' || (width === 'middle' && c.hide === 's'))
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600, row: 40 })
  const [active, setActive] = useState(0)
  /** The row that is to take the focus once it is in the document. */
  const goal = useRef<number>(undefined)
  const asked = useRef(-1)

  useLayoutEffect(() => {
    const node = box.current
    if (node === null) return
    const measure = () => {
      const row = Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row')) || 40
      setView((v) => ({ top: node.scrollTop, height: node.clientHeight || v.height, row }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(node)
    return () => observer.disconnect()
  }, [])

  const first = Math.max(0, Math.min(rows.length - 1, Math.floor(view.top / view.row) - BESIDE))
  const last = Math.min(rows.length, Math.ceil((view.top + view.height) / view.row) + BESIDE)
  const shown = rows.slice(first, last)
  const current = Math.min(active, Math.max(0, rows.length - 1))

  useEffect(() => {
    if (onEnd === undefined || rows.length === 0 || asked.current === rows.length) return
    if (last < rows.length - 40) return
    asked.current = rows.length
    onEnd()
  }, [last, rows.length, onEnd])

  useEffect(() => {
    if (goal.current === undefined) return
    const button = box.current?.querySelector<HTMLElement>(`[data-index="${goal.current}"] .open`)
    if (button === null || button === undefined) return
    goal.current = undefined
    button.focus({ preventScroll: true })
  })

  const onScroll = () => {
    const node = box.current!
    onTop?.(node.scrollTop < view.row)
    setView((v) => {
      // A new rendering only when other rows come into sight.
      const was = Math.floor(v.top / v.row)
      return Math.floor(node.scrollTop / v.row) === was && node.clientHeight === v.height
        ? v
        : { ...v, top: node.scrollTop, height: node.clientHeight }
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (onOpen === undefined || rows.length === 0) return
    // Keys may come faster than the page is drawn.
    const from = goal.current ?? current
    const page = Math.max(1, Math.floor(view.height / view.row) - 2)
    const to = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + page,
      PageUp: from - page,
      Home: 0,
      End: rows.length - 1,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = Math.max(0, Math.min(rows.length - 1, to))
    const node = box.current!
    const top = next * view.row
    const head = 36
    if (top < node.scrollTop) node.scrollTop = top
    else if (top + view.row + head > node.scrollTop + node.clientHeight)
      node.scrollTop = top + view.row + head - node.clientHeight
    goal.current = next
    setActive(next)
  }
  const cls = (c: Column<T>) => (c.number ? 'num' : '')
  const inside = (c: Column<T>, row: T) =>
    c.under === undefined || width !== 'narrow' ? (
      c.cell(row)
    ) : (
      <>
        <span class="clip line">{c.cell(row)}</span>
        <span class="clip line muted xs">{c.under(row)}</span>
        <span class="sr">. Open details.</span>
      </>
    )

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move among the row buttons inside
    <div
      class="scroller"
      ref={box}
      style={{ height }}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      {...(onOpen === undefined ? { tabIndex: 0, role: 'region', 'aria-label': caption } : {})}
    >
      <table class="table fixed" aria-rowcount={(total ?? rows.length) + 1}>
        <caption class="sr">{caption}</caption>
        <colgroup>
          {columns.map((c) => (
            <col key={c.title} class={cls(c)} style={c.width === undefined ? {} : { width: c.width }} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((c) => (
              <th key={c.title} scope="col" class={cls(c)}>
                {c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {first > 0 && (
            // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
            <tr class="gap" aria-hidden="true">
              <td colSpan={columns.length} style={{ height: `${first * view.row}px` }} />
            </tr>
          )}
          {shown.map((row, i) => {
            const index = first + i
            const key = keyOf(row)
            return (
              <tr
                key={key}
                aria-rowindex={index + 2}
                data-index={index}
                data-open={key === openKey}
                class={onOpen === undefined ? '' : 'pick'}
              >
                {columns.map((c, n) => (
                  <td key={c.title} class={cls(c)} title={c.full?.(row)}>
                    {n === 0 && onOpen !== undefined ? (
                      <button
                        type="button"
                        class="open"
                        tabIndex={index === current ? 0 : -1}
                        // Its name has to hold what is seen: of two lines the text itself is the name.
                        aria-label={c.under !== undefined && width === 'narrow' ? undefined : nameOf?.(row)}
                        onFocus={() => setActive(index)}
                        onClick={() => onOpen(row)}
                      >
                        {inside(c, row)}
                      </button>
                    ) : (
                      inside(c, row)
                    )}
                  </td>
                ))}
              </tr>
            )
          })}
          {last < rows.length && (
            // biome-ignore lint/a11y/noAriaHiddenOnFocusable: nothing in it takes the focus
            <tr class="gap" aria-hidden="true">
              <td colSpan={columns.length} style={{ height: `${(rows.length - last) * view.row}px` }} />
            </tr>
          )}
        </tbody>
      </table>
    </div>
  )
}
