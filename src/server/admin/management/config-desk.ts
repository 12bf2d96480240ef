/**
 * The config file under management: shown masked, checked, changed with its comments kept, saved only over the text it was
 * made from, and undone. The file stays the one truth: what is saved here is read again like any other change of it.
 */
import { hash } from 'node:crypto'
import { parse } from 'yaml'
import { diffLines } from '../../../config/diff.ts'
import { type Edit, editYaml } from '../../../config/edit.ts'
import { ConfigError, type Fault, type Notice, parseConfig, readConfigText } from '../../../config/load.ts'
import { type Masked, maskSecrets, unmaskSecrets } from '../../../config/mask.ts'
import { configSecrets } from '../../../config/secrets.ts'
import type { ManagementContext } from './context.ts'
import type { ConfigChange, ConfigResult, ConfigView, SnapshotEntry, SnapshotView } from './contract.ts'
import { ManagementError, notFound, unavailable } from './errors.ts'
import { createSnapshots } from './snapshots.ts'
import { replaceFile } from './write-file.ts'

export interface ConfigDesk {
  view(): Promise<ConfigView>
  check(text: string): Promise<ConfigResult>
  save(text: string, expected: string, by: string, note?: string): Promise<ConfigResult>
  patch(
    changes: readonly ConfigChange[],
    expected: string | undefined,
    by: string,
    options?: { dryRun?: boolean; note?: string },
  ): Promise<ConfigResult>
  snapshots(): Promise<SnapshotEntry[]>
  snapshot(id: string): Promise<SnapshotView>
  restore(id: string, expected: string, by: string): Promise<ConfigResult>
}

/** Keys that only a restart takes over. */
const RESTART = [
  'host',
  'port',
  'tls',
  'auth-dir',
  'store',
  'vault',
  'limits.header-kib',
  'limits.header-timeout',
  'limits.body-timeout',
  'limits.keep-alive-timeout',
  'limits.max-connections',
  'log',
  'debug',
  'logging-to-file',
  'logs-max-total-size-mb',
]

type Plain = Record<string, unknown>

export function createConfigDesk(context: ManagementContext): ConfigDesk {
  const { configFile: file, env, gateway, scrub } = context
  const snapshots = createSnapshots(context)
  let queue: Promise<unknown> = Promise.resolve()

  /** One change after the other: each is made on the text that the one before left. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = queue.then(work, work)
    queue = turn.catch(() => {})
    return turn
  }

  function known(): string[] {
    return configSecrets(gateway.snapshot.config).secrets
  }

  async function current(): Promise<{ text: string; digest: string; masked: Masked; file: string }> {
    if (file === undefined)
      throw new ManagementError(
        409,
        'no-file',
        'This gateway was given its config by the program that embeds it; there is no file to change.',
      )
    const { text, digest } = await readConfigText(file)
    return { text, digest, masked: maskSecrets(text, known()), file }
  }

  function judged(text: string): { faults: Fault[]; notices: Notice[]; config?: Plain } {
    try {
      const { config, notices } = parseConfig(text, { file: file ?? 'config.yaml', env })
      return { faults: [], notices, config: config as unknown as Plain }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return { faults: [...error.faults], notices: [] }
    }
  }

  const plainFaults = (faults: readonly Fault[]) =>
    faults.map(({ line, column, path, message }) => ({ line, column, path, message: scrub(message) }))
  const plainNotices = (notices: readonly Notice[]) =>
    notices.map(({ line, column, path, kind, message }) => ({ line, column, path, kind, message: scrub(message) }))

  /** What a masked text would be, and would do. */
  function prepared(masked: Masked, text: string) {
    const put = unmaskSecrets(text, masked)
    const { faults, notices, config } =
      put.faults.length > 0 ? { faults: put.faults, notices: [], config: undefined } : judged(put.text)
    const before = judged(masked.original).config
    const restart =
      config === undefined || before === undefined
        ? []
        : RESTART.filter((key) => JSON.stringify(at(before, key)) !== JSON.stringify(at(config, key)))
    return { text: put.text, faults: [...faults, ...lockedOut(before, config)], notices, restart }
  }

  const result = (masked: Masked, p: ReturnType<typeof prepared>, digest: string, saved: boolean): ConfigResult => {
    const shown = maskSecrets(p.text, [...known(), ...masked.secrets.map(({ value }) => value)])
    return {
      ok: p.faults.length === 0,
      saved,
      faults: plainFaults(p.faults),
      notices: plainNotices(p.notices),
      diff: diffLines(masked.text, told(shown, masked)),
      text: saved || p.faults.length === 0 ? shown.text : maskSecrets(p.text, known()).text,
      digest,
      restart: p.restart,
    }
  }

  async function write(
    now: Awaited<ReturnType<typeof current>>,
    masked: Masked,
    p: ReturnType<typeof prepared>,
    by: string,
    note: string | undefined,
  ): Promise<ConfigResult> {
    if (p.faults.length > 0)
      throw new ManagementError(
        422,
        'config',
        p.faults.length === 1
          ? 'The config has a fault; nothing was changed.'
          : `The config has ${p.faults.length} faults; nothing was changed.`,
        { faults: plainFaults(p.faults) },
      )
    const digest = hash('sha256', p.text, 'hex')
    if (digest === now.digest) return result(masked, p, digest, true)
    for (const secret of maskSecrets(p.text).secrets) context.learn(secret.value)
    await snapshots.keep(now.text, now.digest, by, note)
    // Somebody with an editor may have been quicker.
    const again = await readConfigText(now.file)
    if (again.digest !== now.digest) throw conflict()
    try {
      await replaceFile(now.file, p.text)
    } catch (error) {
      throw unavailable(
        `${now.file} cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); nothing was changed.`,
      )
    }
    await context.reload()
    return result(masked, p, digest, true)
  }

  return {
    async view() {
      if (file === undefined) {
        const masked = maskedValues(gateway.snapshot.config as unknown as Plain)
        return {
          editable: false,
          because: 'This gateway was given its config by the program that embeds it.',
          text: '',
          digest: gateway.snapshot.digest,
          inForce: gateway.snapshot.digest,
          faults: [],
          notices: [],
          values: {},
          effective: masked,
          secrets: [],
        }
      }
      const { masked, digest, text } = await current()
      const { faults, notices, config } = judged(text)
      let values: Plain = {}
      try {
        values = (parse(masked.text, { uniqueKeys: false, logLevel: 'silent' }) as Plain | null) ?? {}
      } catch {
        // Broken syntax: there are no values to show in a form; the faults tell where.
      }
      return {
        file,
        editable: true,
        text: masked.text,
        digest,
        inForce: gateway.snapshot.digest,
        faults: plainFaults(faults),
        notices: plainNotices(notices),
        values: typeof values === 'object' && !Array.isArray(values) ? values : {},
        effective: maskedValues(config ?? (gateway.snapshot.config as unknown as Plain)),
        secrets: [...masked.paths],
      }
    },
    async check(text) {
      const { masked, digest } = await current()
      return result(masked, prepared(masked, text), digest, false)
    },
    save: (text, expected, by, note) =>
      inTurn(async () => {
        const now = await current()
        if (now.digest !== expected) throw conflict()
        return await write(now, now.masked, prepared(now.masked, text), by, note)
      }),
    patch: (changes, expected, by, { dryRun = false, note } = {}) =>
      inTurn(async () => {
        const now = await current()
        if (expected !== undefined && now.digest !== expected) throw conflict()
        const edits: Edit[] = changes.map(({ path, value }) => ({ path, ...(value === undefined ? {} : { value }) }))
        const p = prepared(now.masked, editYaml(now.masked.text, edits))
        if (dryRun) return result(now.masked, p, now.digest, false)
        return await write(now, now.masked, p, by, note)
      }),
    snapshots: () => snapshots.list(),
    async snapshot(id) {
      const found = await snapshots.find(id)
      if (found === undefined) throw notFound('There is no such text any more: the last 20 are kept.')
      const { masked } = await current()
      const shown = maskSecrets(found.text, [...known(), ...masked.secrets.map(({ value }) => value)])
      const { text: _, ...entry } = found
      return { ...entry, text: shown.text, diff: diffLines(masked.text, told(shown, masked)) }
    },
    restore: (id, expected, by) =>
      inTurn(async () => {
        const found = await snapshots.find(id)
        if (found === undefined) throw notFound('There is no such text any more: the last 20 are kept.')
        const now = await current()
        if (now.digest !== expected) throw conflict()
        const { faults, notices, config } = judged(found.text)
        const before = judged(now.text).config
        const restart =
          config === undefined || before === undefined
            ? []
            : RESTART.filter((key) => JSON.stringify(at(before, key)) !== JSON.stringify(at(config, key)))
        return await write(
          now,
          now.masked,
          { text: found.text, faults, notices, restart },
          by,
          `restored what stood there until ${new Date(found.at).toISOString()}`,
        )
      }),
  }
}

const ADMIN = 'remote-management.secret-key'

/** What would shut out whoever asks for it: nobody could undo it from here. */
function lockedOut(before: Plain | undefined, after: Plain | undefined): Fault[] {
  if (before === undefined || after === undefined || !at(before, ADMIN) || at(after, ADMIN)) return []
  const message = `this would take away ${ADMIN}, the admin token, and nobody could undo it from here; if that is meant, change the file itself`
  return [{ line: 1, column: 1, path: ADMIN, message }]
}

const conflict = () =>
  new ManagementError(
    409,
    'conflict',
    'The file was changed meanwhile, by somebody else or by an editor. Load it again and make your changes on what stands there now.',
  )

function at(config: Plain, path: string): unknown {
  return path.split('.').reduce<unknown>((value, key) => (value as Plain | undefined)?.[key], config)
}

/** A masked text with the markers of another one, so that equal secrets look equal and new ones look new. */
function told(shown: Masked, before: Masked): string {
  return shown.text.replace(/\*\*\*(\d+)/g, (_, number: string) => {
    const secret = shown.secrets[Number(number)]
    const same = before.secrets.findIndex((s, i) => i > 0 && s.value === secret?.value && s.source === secret.source)
    const alike = same === -1 ? before.secrets.findIndex((s, i) => i > 0 && s.value === secret?.value) : same
    return alike === -1 ? '***new' : `***${alike}`
  })
}

const SECRET = /^(?:api-key|api-keys|key|secret|secret-key|password|passphrase|token|passphrase-file-content)$/
const URLS = /^(?:proxy-url|base-url|url)$/

/** Every default filled in, secrets replaced by `***`. */
export function maskedValues(value: Plain): Plain {
  const step = (node: unknown, key: string, parent: string): unknown => {
    if (typeof node === 'string') {
      if (node === '') return node
      if ((SECRET.test(key) && parent !== 'tls') || parent === 'headers') return '***'
      return URLS.test(key)
        ? node
            .replace(/\/\/[^/\s@]*@/, '//***@')
            .replace(/([?&][\w-]*(?:password|key|token|secret)=)[^&\s]+/gi, '$1***')
        : node
    }
    if (Array.isArray(node)) return node.map((item) => step(item, key, parent))
    if (typeof node === 'object' && node !== null)
      return Object.fromEntries(Object.entries(node).map(([name, item]) => [name, step(item, name, key)]))
    return node
  }
  return step(value, '', '') as Plain
}
