/** The text of the config, with line numbers and a mark at each fault. */
import { useEffect, useRef } from 'preact/hooks'
import type { ConfigFault } from '../../src/server/admin/management/contract.ts'

export interface SourceHandle {
  goTo(line: number): void
}

const LINE_PX = 20

interface SourceProps {
  text: string
  faults: readonly ConfigFault[]
  readOnly: boolean
  onText: (text: string) => void
  handle: { current: SourceHandle | undefined }
}

export function Source({ text, faults, readOnly, onText, handle }: SourceProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  const gutter = useRef<HTMLDivElement>(null)
  const lines = text.split('\n')
  const wrong = new Map(faults.map((f) => [f.line, f.message]))
  useEffect(() => {
    handle.current = {
      goTo(line) {
        const node = area.current
        if (node === null) return
        const start = lines.slice(0, line - 1).reduce((sum, l) => sum + l.length + 1, 0)
        node.focus()
        node.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0))
        node.scrollTop = Math.max(0, (line - 5) * LINE_PX)
      },
    }
  })
  return (
    <div class="source">
      <div class="gutter" ref={gutter} aria-hidden="true">
        {lines.map((_, i) => (
          <span key={i} data-fault={wrong.has(i + 1)} title={wrong.get(i + 1)}>
            {i + 1}
          </span>
        ))}
      </div>
      <textarea
        ref={area}
        aria-label="Config as YAML"
        aria-invalid={faults.length > 0}
        aria-describedby="config-faults"
        spellcheck={false}
        autocapitalize="off"
        wrap="off"
        readOnly={readOnly}
        value={text}
        onInput={(e) => onText(e.currentTarget.value)}
        onScroll={(e) => {
          if (gutter.current !== null) gutter.current.scrollTop = e.currentTarget.scrollTop
        }}
      />
    </div>
  )
}
