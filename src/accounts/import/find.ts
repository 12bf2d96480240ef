/** Finds the logins other programs keep on this machine. Reads only; nothing here changes a file. */
import { createHash } from 'node:crypto'
import { readdir, realpath, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, isAbsolute, join, resolve } from 'node:path'
import { fieldsOf, plain, textOf } from '../oauth/text.ts'
import { jsonObject, readSmall } from './bounded.ts'
import { parseState, readState } from './formats/antigravity-state.ts'
import { authFileProvider, parseAuthFile } from './formats/auth-folder.ts'
import { parseServiceAccount } from './formats/service-account.ts'
import {
  parseAgy,
  parseClaude,
  parseCodex,
  parseGemini,
  parseIflow,
  parseQwen,
  parseSetupToken,
} from './formats/vendors.ts'
import { openKeyring } from './keyring.ts'
import type { Candidate, Found, KeyringEntry, Note, Parsed, Places } from './types.ts'

/** Files looked at in one auth folder. */
const MOST_FILES = 10_000
/** VS Code's state grows to hundreds of MiB; it is opened, not read. */
const MOST_STATE_BYTES = 2 * 1024 ** 3

type Json = Readonly<Record<string, unknown>>

/** A place where a login may be. */
interface Source {
  provider: string
  from: string
  read(): Promise<Parsed | { refused: string } | undefined>
  /** Warned about when others may read it. */
  isFile?: boolean
}

/** This machine as it is. */
export function placesHere(env: NodeJS.ProcessEnv = process.env): Places {
  return { home: env['HOME'] || env['USERPROFILE'] || homedir(), platform: process.platform, env, now: Date.now }
}

/**
 * Looks at every place the vendors use, and at auth folders.
 * @param folders of CLIProxyAPI or LogicaProxy, beside `~/.cli-proxy-api`.
 * @param only a provider; all when left out.
 */
export async function findLogins(places: Places, folders: readonly string[] = [], only?: string): Promise<Found> {
  const sources = [
    ...(await vendorSources(places)),
    ...(await folderSources([join(places.home, '.cli-proxy-api'), ...folders], places)),
  ]
  return await collect(sources, only)
}

/** Looks at one folder or file alone: an auth folder, or a vendor's file that was copied here. */
export async function findIn(path: string, places: Places, only?: string): Promise<Found> {
  const at = await stat(path).catch(() => undefined)
  if (at === undefined) return { candidates: [], notes: [{ from: path, words: 'There is nothing there.' }] }
  return await collect(at.isDirectory() ? await folderSources([path], places) : [anyFile(path, places)], only)
}

/** Reads one source again, by the `from` of a candidate: how a borrowed login follows its owner. */
export async function readSource(provider: string, from: string, places: Places): Promise<Candidate | undefined> {
  const asks = from.startsWith('keyring:') && places.keyring === undefined
  const at = asks ? { ...places, keyring: await openKeyring(places.platform, places.env) } : places
  const known = (await vendorSources(at)).find((s) => s.from === from)
  if (known === undefined && !isAbsolute(from)) return undefined
  const { candidates } = await collect([known ?? anyFile(from, places)], provider)
  return candidates[0]
}

async function collect(sources: readonly Source[], only: string | undefined): Promise<Found> {
  const notes: Note[] = []
  const candidates: Candidate[] = []
  for (const source of sources) {
    if (only !== undefined && source.provider !== '' && source.provider !== only) continue
    const read = await source.read()
    if (read === undefined) continue
    if ('refused' in read) notes.push({ from: source.from, words: `Not looked at: ${read.refused}.` })
    else if (only === undefined || read.provider === only) candidates.push(candidate(read, source.from))
  }
  return { candidates: newestOfEach(candidates, notes), notes }
}

function candidate(parsed: Parsed, from: string): Candidate {
  const { tokens } = parsed
  const digest = createHash('sha256').update(from).digest('hex').slice(0, 16)
  return {
    ...parsed,
    identity: parsed.identity ?? { subject: `found:${digest}`, label: basename(from).replace(/\.json$/, '') },
    known: parsed.identity !== undefined,
    from,
    ...(tokens.expiresAt === undefined ? {} : { expiresAt: tokens.expiresAt }),
    canRefresh: tokens.refreshToken !== undefined,
    warnings: parsed.warnings ?? [],
  }
}

/** Of several copies of one login the newest counts: the refresh tokens of the others are spent already. */
function newestOfEach(candidates: readonly Candidate[], notes: Note[]): Candidate[] {
  const best = new Map<string, Candidate>()
  for (const one of candidates) {
    const key = `${one.provider}\n${one.identity.subject}`
    const other = best.get(key)
    const newer = other === undefined || (one.expiresAt ?? 0) > (other.expiresAt ?? 0)
    const [kept, left] = newer ? [one, other] : [other, one]
    best.set(key, kept!)
    if (left !== undefined)
      notes.push({ from: left.from, words: `An older copy of the login at ${kept!.from}; left alone.` })
  }
  return [...best.values()]
}

async function vendorSources(places: Places): Promise<Source[]> {
  const { home, env, platform, now } = places
  const claudeDir = env['CLAUDE_CONFIG_DIR'] || join(home, '.claude')
  const claudeFacts = env['CLAUDE_CONFIG_DIR'] ? join(claudeDir, '.claude.json') : join(home, '.claude.json')
  const codexHome = env['CODEX_HOME'] || join(home, '.codex')
  const geminiDir = join(env['GEMINI_CLI_HOME'] || home, '.gemini')
  const claude = async (json: Json) => parseClaude(json, now(), fieldsOf((await object(claudeFacts))?.['oauthAccount']))
  const gemini = async (json: Json) =>
    parseGemini(json, now(), textOf((await object(join(geminiDir, 'google_accounts.json')))?.['active']))
  const codexKey = createHash('sha256')
    .update(await realpath(codexHome).catch(() => codexHome))
    .digest('hex')
    .slice(0, 16)
  const user = env['USER'] || env['USERNAME'] || ''
  return [
    file('claude', join(claudeDir, '.credentials.json'), claude),
    ...keyring(places, 'claude', { service: 'Claude Code-credentials', account: user }, claude),
    ...variable(places, 'claude', 'CLAUDE_CODE_OAUTH_TOKEN', parseSetupToken),
    file('codex', join(codexHome, 'auth.json'), async (json) => parseCodex(json, now())),
    ...keyring(places, 'codex', { service: 'Codex Auth', account: `cli|${codexKey}` }, async (json) =>
      parseCodex(json, now()),
    ),
    file('gemini-cli', join(geminiDir, 'oauth_creds.json'), gemini),
    ...keyring(places, 'gemini-cli', { service: 'gemini-cli-oauth', account: 'main-account' }, gemini),
    ...stateFolders(home, platform, env).map((at) => state(join(at, 'User', 'globalStorage', 'state.vscdb'), now)),
    ...keyring(
      places,
      'antigravity',
      { service: 'gemini', account: 'antigravity', target: 'gemini:antigravity' },
      async (json) => parseAgy(json, now()),
    ),
    ...['jetski-standalone-oauth-token', join('antigravity-cli', 'antigravity-oauth-token')].map((name) =>
      file('antigravity', join(home, '.gemini', name), async (json) => parseAgy(json, now())),
    ),
    file('qwen', join(home, '.qwen', 'oauth_creds.json'), async (json) => parseQwen(json, now())),
    file('iflow', join(home, '.iflow', 'settings.json'), async (json) => parseIflow(json, now())),
    ...(platform === 'win32'
      ? []
      : [file('iflow', '/etc/iflow-cli/settings.json', async (json) => parseIflow(json, now()))]),
    ...['IFLOW_apiKey', 'IFLOW_API_KEY'].flatMap((name) =>
      variable(places, 'iflow', name, (key, at) => parseIflow({ apiKey: key }, at)),
    ),
  ]
}

/** Where VS Code's kind of programs keep their state (domain.md 1.6). */
function stateFolders(home: string, platform: NodeJS.Platform, env: NodeJS.ProcessEnv): string[] {
  const base =
    platform === 'darwin'
      ? join(home, 'Library', 'Application Support')
      : platform === 'win32'
        ? env['APPDATA'] || join(home, 'AppData', 'Roaming')
        : env['XDG_CONFIG_HOME'] || join(home, '.config')
  return ['Antigravity', 'Antigravity IDE'].map((app) => join(base, app))
}

function file(provider: string, path: string, parse: (json: Json) => Promise<Parsed | undefined>): Source {
  return {
    provider,
    from: path,
    async read() {
      const read = await readSmall(path)
      if ('missing' in read) return undefined
      if ('refused' in read) return read
      const json = jsonObject(read.text)
      if (json === undefined) return { refused: 'it holds no JSON object' }
      return exposed(await parse(json), read.mode)
    },
  }
}

/** Warns of a file that everybody may read. */
function exposed(parsed: Parsed | undefined, mode: number): Parsed | undefined {
  if (parsed === undefined || process.platform === 'win32' || (mode & 0o077) === 0) return parsed
  return {
    ...parsed,
    warnings: [
      ...(parsed.warnings ?? []),
      `Others on this machine may read that file (mode ${mode.toString(8)}): chmod 600 it.`,
    ],
  }
}

function keyring(
  { keyring: ask }: Places,
  provider: string,
  entry: KeyringEntry,
  parse: (json: Json) => Promise<Parsed | undefined>,
): Source[] {
  if (ask === undefined) return []
  return [
    {
      provider,
      from: `keyring:${entry.service}/${entry.account}`,
      async read() {
        const json = jsonObject((await ask(entry)) ?? '')
        return json === undefined ? undefined : await parse(json)
      },
    },
  ]
}

function variable(
  { env, now }: Places,
  provider: string,
  name: string,
  parse: (value: string, now: number) => Parsed | undefined,
): Source[] {
  const value = env[name]
  return value ? [{ provider, from: `env:${name}`, read: async () => parse(value, now()) }] : []
}

function state(path: string, now: () => number): Source {
  return {
    provider: 'antigravity',
    from: path,
    async read() {
      const at = await stat(path).catch(() => undefined)
      if (at === undefined) return undefined
      if (!at.isFile() || at.size > MOST_STATE_BYTES) return { refused: 'it is no state of Antigravity' }
      try {
        return parseState(await readState(path), now())
      } catch (error) {
        return { refused: `it cannot be read as SQLite (${plain((error as Error).message, 120)})` }
      }
    },
  }
}

async function folderSources(folders: readonly string[], places: Places): Promise<Source[]> {
  const sources: Source[] = []
  for (const folder of new Set(folders.map((f) => resolve(f)))) {
    const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).sort()
    for (const name of names.slice(0, MOST_FILES)) sources.push(anyFile(join(folder, name), places))
  }
  return sources
}

/** A file of whatever kind: an auth folder's, or a vendor's own by its shape. */
function anyFile(path: string, places: Places): Source {
  if (/\.vscdb$/.test(path)) return state(path, places.now)
  return { ...file('', path, async (json) => byShape(json, places.now())), provider: '' }
}

/** Tells the formats apart by what only they have. */
function byShape(json: Json, now: number): Parsed | undefined {
  if (json['type'] === 'service_account') return parseServiceAccount(json)
  if (authFileProvider(json) !== undefined) return parseAuthFile(json, now)
  if (json['claudeAiOauth'] !== undefined) return parseClaude(json, now)
  if (fieldsOf(json['tokens'])['access_token'] !== undefined) return parseCodex(json, now)
  if (json['resource_url'] !== undefined) return parseQwen(json, now)
  if (fieldsOf(json['token'])['access_token'] !== undefined) return parseAgy(json, now)
  if (json['expiry_date'] !== undefined) return parseGemini(json, now)
  return json['apiKey'] !== undefined ? parseIflow(json, now) : undefined
}

async function object(path: string): Promise<Json | undefined> {
  const read = await readSmall(path)
  return 'text' in read ? jsonObject(read.text) : undefined
}
