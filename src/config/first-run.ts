/** The config of a first start: small, commented, private, with a client key and an admin token that are shown once. */
import { createHash, randomInt } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A new client key: `lp-` and 40 letters and digits, 238 bits of chance. */
export function newClientKey(): string {
  return `lp-${Array.from({ length: 40 }, () => letters[randomInt(letters.length)]).join('')}`
}

/** A new admin token for the management API: `lpa-` and 40 letters and digits, 238 bits of chance. */
export function newAdminToken(): string {
  return newClientKey().replace(/^lp-/, 'lpa-')
}

/** How a client key (or the admin token) stands in the file: `sha256:` and the hash. The key is random, so a plain hash is enough. */
export function hashClientKey(key: string): string {
  return `sha256:${createHash('sha256').update(key).digest('hex')}`
}

/**
 * Writes the config of a first start, which nobody else may read, and returns the client key and the admin token. Both
 * stand in the file as hashes only, so this is the one time they can be shown. Fails with `EEXIST` rather than touch a file.
 */
export async function writeFirstConfig(path: string): Promise<{ path: string; clientKey: string; adminToken: string }> {
  const clientKey = newClientKey()
  const adminToken = newAdminToken()
  const directory = dirname(path)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const draft = join(directory, `.${basename(path)}.${process.pid}.${randomInt(2 ** 32).toString(36)}.tmp`)
  try {
    await writeNew(draft, firstConfigText(clientKey, adminToken))
    // A link, unlike a rename, never replaces a file that appeared meanwhile.
    await link(draft, path).catch(async (error: NodeJS.ErrnoException) => {
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EACCES'].includes(error.code ?? '')) throw error
      await writeNew(path, firstConfigText(clientKey, adminToken))
    })
  } finally {
    await unlink(draft).catch(() => {})
  }
  return { path, clientKey, adminToken }
}

async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function firstConfigText(clientKey: string, adminToken: string): string {
  return `# LogicaProxy's config. Every key is explained in config.example.yaml; "logicaproxy config check" reads this file.
# Changes are taken over while the server runs, except host, port and tls.

# Where to listen. 127.0.0.1 is this machine only; 0.0.0.0 is every network it is in.
host: 127.0.0.1
port: 8317

# Keys of your clients, as hashes: the key itself was shown when this file was written, and nowhere else.
# A key of your own may also stand here in plain text, or as "\${NAME}" from the environment.
api-keys:
  - name: first
    key: ${hashClientKey(clientKey)}

# The dashboard and the management API answer this machine only. The admin token was shown with the client key;
# "logicaproxy dashboard" prints a link that signs you in without it.
remote-management:
  secret-key: ${hashClientKey(adminToken)}

# Credentials of your accounts and all that lasts.
auth-dir: ~/.logicaproxy

# The model name "auto" is answered by the kind of the task.
# ai-router:
#   routes:
#     code: claude-sonnet-4-6
#     reasoning: claude-opus-4-6
#     fast: claude-haiku-4-5-20251001

# Accounts with an API key, beside those you log in to.
# claude-api-key:
#   - api-key: "\${ANTHROPIC_API_KEY}"
`
}
