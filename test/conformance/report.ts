/** Counts what passed and keeps what did not. */
import type { Dialect } from './corpus.ts'

export interface Cell {
  client: Dialect
  upstream: Dialect
  stream: boolean
  id: string
}

export interface Failing extends Cell {
  feature: string
  why: string
}

interface Count {
  passed: number
  told: number
  total: number
}

export class Report {
  readonly counts = new Map<string, Map<string, Count>>()
  readonly failing: Failing[] = []
  readonly tolds: Failing[] = []

  /** Notes one judgement of a cell. */
  check(cell: Cell, feature: string, passed: boolean, why = ''): void {
    this.count(cell, feature)[passed ? 'passed' : 'total'] += passed ? 1 : 0
    this.count(cell, feature).total += 1
    if (!passed) this.failing.push({ ...cell, feature, why })
  }

  /** A loss the client was told of. */
  told(cell: Cell, feature: string, why: string): void {
    const count = this.count(cell, feature)
    count.told += 1
    count.total += 1
    this.tolds.push({ ...cell, feature, why })
  }

  private count({ client, upstream, stream }: Cell, feature: string): Count {
    const row = `${client} ← ${upstream} ${stream ? 'stream' : 'whole'}`
    const counts = this.counts.get(row) ?? new Map<string, Count>()
    this.counts.set(row, counts)
    const found = counts.get(feature) ?? { passed: 0, told: 0, total: 0 }
    counts.set(feature, found)
    return found
  }

  /** The matrix: a row for each pair, a column for each feature. */
  table(features: readonly string[], arrow: '←' | '→'): string {
    const lines = [
      `| client ${arrow} upstream | ${features.join(' | ')} |`,
      `| --- |${features.map(() => ' ---: |').join('')}`,
    ]
    for (const [row, counts] of [...this.counts].sort()) {
      const cells = features.map((f) => {
        const c = counts.get(f)
        if (c === undefined) return ''
        return c.passed === c.total ? `${c.total}` : `${c.passed}${c.told > 0 ? `+${c.told}` : ''}/${c.total}`
      })
      lines.push(`| ${row.replace('←', arrow)} | ${cells.join(' | ')} |`)
    }
    return lines.join('\n')
  }

  get sums(): { passed: number; told: number; failed: number } {
    let passed = 0
    let told = 0
    let total = 0
    for (const counts of this.counts.values())
      for (const c of counts.values()) {
        passed += c.passed
        told += c.told
        total += c.total
      }
    return { passed, told, failed: total - passed - told }
  }
}
