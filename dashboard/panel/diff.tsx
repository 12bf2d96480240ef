/** Lines that come and go. */
import type { Diff } from '../../src/server/admin/management/contract.ts'
import { plural } from '../lib/format.ts'

const SIGNS = { same: ' ', added: '+', removed: '−' } as const

export function DiffView({ diff }: { diff: Diff }) {
  if (diff.added === 0 && diff.removed === 0) return <p class="muted">No line differs.</p>
  return (
    <div class="stack-sm">
      <p class="small">
        <span class="good">{plural(diff.added, 'line')} added</span>,{' '}
        <span class="bad">{plural(diff.removed, 'line')} removed</span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section class="diff" tabIndex={0} aria-label="Changes">
        <table>
          <caption class="sr">Changed lines</caption>
          <thead class="sr">
            <tr>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              <th scope="col">Line</th>
            </tr>
          </thead>
          <tbody>
            {diff.hunks.flatMap((h, n) => [
              ...(h.gap > 0
                ? [
                    <tr class="gap" key={`g${n}`}>
                      <td colSpan={3}>{plural(h.gap, 'line')} as before</td>
                    </tr>,
                  ]
                : []),
              ...h.lines.map((l) => (
                <tr key={`${n}-${l.is}-${l.old}-${l.new}`} class={l.is}>
                  <td class="n">{l.old}</td>
                  <td class="n">{l.new}</td>
                  <td>
                    {SIGNS[l.is]} {l.text}
                    {l.is !== 'same' && <span class="sr"> ({l.is})</span>}
                  </td>
                </tr>
              )),
            ])}
          </tbody>
        </table>
      </section>
    </div>
  )
}
