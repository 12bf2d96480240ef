/** Vertex by a service account (domain.md 1.9, 5.2): from the key file on the command line to an answer. */
import assert from 'node:assert/strict'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { createGateway } from '../src/index.ts'
import { ask, chat } from './support/dialects.ts'
import { CLIENT_KEY } from './support/start.ts'
import { Command } from './support/subscription.ts'

const HOSTS = ['oauth2.googleapis.com', 'us-central1-aiplatform.googleapis.com']

test('vertex: a key file is taken over by the flag of old, and its account answers', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const asked: { path: string; bearer: string | undefined; text: string }[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      text += piece
    })
    request.on('end', () => {
      asked.push({ path: request.url ?? '', bearer: request.headers.authorization, text })
      const body = request.url?.startsWith('/oauth2.googleapis.com/token')
        ? { access_token: 'ya29.vertex', expires_in: 3599, token_type: 'Bearer' }
        : {
            candidates: [{ content: { role: 'model', parts: [{ text: 'from Vertex' }] }, finishReason: 'STOP' }],
            usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
          }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const home = mkdtempSync(join(tmpdir(), 'logicaproxy-vertex-'))
  try {
    const config = {
      port: 0,
      'api-keys': [CLIENT_KEY],
      'auth-dir': home,
      'request-retry': 0,
      vault: { wrap: 'key-file' },
      'host-overrides': Object.fromEntries(HOSTS.map((host) => [`https://${host}`, `${base}/${host}`])),
    }
    const file = join(home, 'config.yaml')
    writeFileSync(file, stringify(config))
    const key = join(home, 'bot.json')
    writeFileSync(
      key,
      JSON.stringify({
        type: 'service_account',
        project_id: 'my-project-1',
        private_key_id: 'kid-1',
        private_key: privateKey,
        client_email: 'bot@my-project-1.iam.gserviceaccount.com',
      }),
      { mode: 0o600 },
    )
    const args = ['-vertex-import', key, '-vertex-import-prefix', 'team', '--json', '--no-keyring', '--config', file]
    await using command = new Command(args, home)
    assert.equal(await command.ended, 0, command.stdout + command.stderr)
    const account = await command.event('account')
    assert.deepEqual([account['provider'], account['label'], account['state']], ['vertex', 'bot', 'ready'])
    assert.doesNotMatch(command.stdout + command.stderr, /PRIVATE KEY|ya29/)

    const quiet = () => {}
    const gateway = await createGateway({
      config,
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet } as never,
    })
    try {
      const { url } = await gateway.listen()
      const answer = await ask({ url } as never, chat, { model: 'team/gemini-2.5-pro', text: 'Hello' })
      assert.equal(answer.status, 200, answer.raw)
      assert.equal(answer.text, 'from Vertex')
    } finally {
      await gateway.close({ drainMs: 0 })
    }
    const [grant] = asked.filter(({ path }) => path.startsWith('/oauth2.googleapis.com'))
    const [head, claims, signature] = new URLSearchParams(grant!.text).get('assertion')!.split('.') as [
      string,
      string,
      string,
    ]
    const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`)
    assert.ok(verifier.verify(publicKey, Buffer.from(signature, 'base64url')))
    const call = asked.find(({ path }) => path.startsWith(`/${HOSTS[1]}`))
    assert.equal(
      call?.path,
      `/${HOSTS[1]}/v1/projects/my-project-1/locations/us-central1/publishers/google/models/gemini-2.5-pro:generateContent`,
    )
    assert.equal(call?.bearer, 'Bearer ya29.vertex')
    // The key is sealed: it stands in no file but its own.
    for (const name of ['logicaproxy.db', 'logicaproxy.sqlite'])
      try {
        assert.doesNotMatch(readFileSync(join(home, name), 'latin1'), /PRIVATE KEY/)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT')
      }
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(home, { recursive: true, force: true })
  }
})
