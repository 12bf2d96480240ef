/** A short table, all of whose rows are in the document; long ones are in rows.tsx. */
import type { ComponentChildren } from 'preact'
import { Scroll } from './basic.tsx'

export interface TableColumn<T> {
  title: string
  /** The title is for screen readers alone. */
  bare?: boolean
  /** Right-aligned numbers. */
  number?: boolean
  /** Out of sight below 900 px (`m`) or 560 px (`s`). */
  hide?: 'm' | 's'
  /** What names the row. */
  head?: boolean
  /** Further classes of its cells. */
  look?: string | ((row: T) => string)
  cell: (row: T) => ComponentChildren
}

export function Table<T>({
  caption,
  columns,
  rows,
  keyOf,
  sum,
  height,
}: {
  caption: string
  columns: readonly TableColumn<T>[]
  rows: readonly T[]
  keyOf: (row: T) => string
  /** A last row that adds up the others. */
  sum?: T
  /** CSS height above which it scrolls by itself. */
  height?: string
}) {
  const place = (c: TableColumn<T>) => `${c.number ? 'num' : ''} ${c.hide === undefined ? '' : `hide-${c.hide}`}`
  const line = (row: T) =>
    columns.map((c) => {
      const cls = `${place(c)} ${typeof c.look === 'function' ? c.look(row) : (c.look ?? '')}`
      return c.head ? (
        <th key={c.title} scope="row" class={`cell ${cls}`}>
          {c.cell(row)}
        </th>
      ) : (
        <td key={c.title} class={cls}>
          {c.cell(row)}
        </td>
      )
    })
  return (
    <Scroll name={caption} height={height}>
      <table class="table">
        <caption class="sr">{caption}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th key={c.title} scope="col" class={place(c)}>
                {c.bare ? <span class="sr">{c.title}</span> : c.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>{line(row)}</tr>
          ))}
          {sum !== undefined && <tr class="sum">{line(sum)}</tr>}
        </tbody>
      </table>
    </Scroll>
  )
}

/** A figure with a bar that tells its share of the highest one. */
export function Share({ share, children }: { share: number | undefined; children: ComponentChildren }) {
  return (
    <>
      {share !== undefined && (
        <span class="share hide-m" aria-hidden="true">
          <span style={{ width: `${share * 100}%` }} />
        </span>
      )}
      {children}
    </>
  )
}
