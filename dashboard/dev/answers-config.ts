/** The pretended config file: checked, saved, undone. */
import { randomBytes } from 'node:crypto'
import { parseDocument } from 'yaml'
import type { ConfigFault, ConfigResult, Diff, SnapshotEntry } from '../../src/server/admin/management/contract.ts'
import { lineDiff } from './diff.ts'
import { type Answers, type Household, Refusal, refuse } from './household.ts'
import { CONFIG } from './rest.ts'

function faultsOf(text: string): ConfigFault[] {
  const doc = parseDocument(text)
  if (doc.errors.length > 0)
    return doc.errors.map((e) => ({
      line: e.linePos?.[0].line ?? 1,
      column: e.linePos?.[0].col ?? 1,
      path: '',
      message: e.message.split('\n')[0]!,
    }))
  const faults: ConfigFault[] = []
  const line = (needle: string) => text.split('\n').findIndex((l) => l.trimStart().startsWith(needle)) + 1
  const value = doc.toJS() as Record<string, unknown> | null
  const port = value?.['port']
  if (port !== undefined && (typeof port !== 'number' || port < 0 || port > 65_535))
    faults.push({ line: line('port:'), column: 7, path: 'port', message: 'port: a whole number from 0 to 65535' })
  const strategy = (value?.['routing'] as Record<string, unknown> | undefined)?.['strategy']
  if (
    strategy !== undefined &&
    !['round-robin', 'weighted', 'fill-first', 'most-quota-left'].includes(strategy as string)
  )
    faults.push({
      line: line('strategy:'),
      column: 13,
      path: 'routing.strategy',
      message: `routing.strategy: round-robin, weighted, fill-first or most-quota-left, not "${String(strategy)}"`,
    })
  return faults
}

export function configAnswers({ now, empty, tell }: Household): Answers & { digest(): string } {
  let config = CONFIG
  let digest = 'd1'
  let snapshots: (SnapshotEntry & { text: string })[] = empty
    ? []
    : [
        {
          id: 'n1',
          at: now() - 7_200_000,
          digest: 'd0',
          by: 'session',
          note: 'before the router',
          lines: 40,
          text: CONFIG.replace('most-quota-left', 'round-robin'),
        },
      ]
  function result(text: string, saved: boolean): ConfigResult {
    const faults = faultsOf(text)
    return {
      ok: faults.length === 0,
      saved,
      faults,
      notices: [],
      diff: lineDiff(config, text) satisfies Diff,
      text,
      digest,
      restart: /port: 8317/.test(text) ? [] : ['port'],
    }
  }

  function save(text: string, expected: unknown, note?: string): ConfigResult {
    if (expected !== digest)
      throw new Refusal(
        409,
        'conflict',
        'The file was changed since this page read it. Load it again and make the change on the new text.',
      )
    const faults = faultsOf(text)
    if (faults.length > 0) throw new Refusal(422, 'invalid', 'The text has faults: nothing was saved.', { faults })
    const done = result(text, true)
    snapshots = [
      { id: `n${Date.now()}`, at: now(), digest, by: 'session', note, lines: config.split('\n').length, text: config },
      ...snapshots,
    ].slice(0, 20)
    config = text
    digest = `d${randomBytes(4).toString('hex')}`
    tell({ type: 'config', digest })
    return { ...done, digest }
  }

  return {
    digest: () => digest,
    config: () => ({
      file: '/home/mara/.logicaproxy/config.yaml',
      editable: true,
      text: config,
      digest,
      inForce: digest,
      faults: faultsOf(config),
      notices: [],
      values: parseDocument(config).toJS(),
      effective: parseDocument(config).toJS(),
      secrets: [
        'api-keys[0].key',
        'remote-management.secret-key',
        'openai-api-key[0].api-key',
        'openai-compatibility[0].api-key-entries[0].api-key',
      ],
    }),
    checkConfig: ({ body }) => result(String(body['text']), false),
    saveConfig: ({ body }) => save(String(body['text']), body['expected'], body['note'] as string | undefined),
    snapshots: () => ({ snapshots: snapshots.map(({ text: _, ...entry }) => entry) }),
    snapshot({ id }) {
      const found = snapshots.find((s) => s.id === id) ?? refuse(404, 'This snapshot is gone.')
      return { ...found, diff: lineDiff(config, found.text) }
    },
    restoreSnapshot({ id, body }) {
      const found = snapshots.find((s) => s.id === id) ?? refuse(404, 'This snapshot is gone.')
      return save(found.text, body['expected'])
    },
    reload: () => ({ ok: true, message: 'The config was read again.' }),
  }
}
