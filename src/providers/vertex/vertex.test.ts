import assert from 'node:assert/strict'
import { createVerify, generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { parseAuthFile } from '../../accounts/import/formats/auth-folder.ts'
import { parseServiceAccount } from '../../accounts/import/formats/service-account.ts'
import { refreshRecipe } from '../../accounts/oauth/recipe.ts'
import { answer, fieldsIn, scripted } from '../../accounts/oauth/testing/fixture.ts'
import { refreshOnce } from '../../accounts/oauth/token.ts'
import { FailureError } from '../../hub/failure.ts'
import { loginAccount, outgoing, token, values } from '../testing/logins.ts'
import { vertex } from './index.ts'
import { login } from './login.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const keyFile = {
  type: 'service_account',
  project_id: 'my-project-1',
  private_key_id: 'kid-1',
  private_key: privateKey,
  client_email: 'Bot@my-project-1.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
}
const account = loginAccount('vertex', vertex.baseUrl, { speaks: ['gemini'] })
const send = (details: Record<string, string>, over = {}, at = account) =>
  vertex.request(outgoing('gemini', { model: 'gemini-2.5-pro', ...over }), at, token(details))

describe('a service account of Vertex (domain.md 1.9)', () => {
  it('is addressed by region and project: /v1/projects/{p}/locations/{loc}/publishers/google/models/{m}', () => {
    const path = '/v1/projects/p-1/locations/europe-west4/publishers/google/models/gemini-2.5-pro'
    const request = send({ project: 'p-1', location: 'europe-west4' }, { stream: false })
    assert.equal(request.origin + request.path, `https://europe-west4-aiplatform.googleapis.com${path}:generateContent`)
    assert.deepEqual(values(request, 'authorization'), ['Bearer tok'])
    assert.ok(send({ project: 'p-1' }).path.endsWith(':streamGenerateContent?alt=sse'))
    assert.equal(send({ project: 'p-1' }).origin, 'https://us-central1-aiplatform.googleapis.com')
    assert.equal(send({ project: 'p-1', location: 'global' }).origin, 'https://aiplatform.googleapis.com')
    assert.ok(send({ project: 'p-1' }, { action: 'count-tokens' }).path.endsWith(':countTokens'))
  })

  it('stays at a stand-in, and says when it has no project', () => {
    const there = loginAccount('vertex', 'http://127.0.0.1:9/vertex', { speaks: ['gemini'] })
    const request = send({ project: 'p-1', location: 'europe-west4' }, {}, there)
    assert.equal(request.origin, 'http://127.0.0.1:9')
    assert.match(request.path, /^\/vertex\/v1\/projects\/p-1\/locations\/europe-west4\//)
    assert.throws(() => send({}), FailureError)
  })

  it('is read from its key file, and from the file CLIProxyAPI keeps of one', () => {
    const parsed = parseServiceAccount(keyFile)
    assert.equal(parsed?.provider, 'vertex')
    assert.equal(parsed?.identity?.subject, 'bot@my-project-1.iam.gserviceaccount.com/my-project-1')
    assert.deepEqual(parsed?.tokens.details, { project: 'my-project-1' })
    const kept = {
      type: 'vertex',
      service_account: keyFile,
      project_id: 'other-2',
      location: 'europe-west4',
      prefix: 'x',
    }
    const old = parseAuthFile(kept, 0)
    assert.deepEqual(old?.tokens.details, { project: 'other-2', location: 'europe-west4' })
    assert.equal(old?.facts?.prefix, 'x')
    for (const no of [
      {},
      { type: 'service_account' },
      { ...keyFile, private_key: 'x' },
      { ...keyFile, type: 'authorized_user' },
    ])
      assert.equal(parseServiceAccount(no), undefined)
  })

  it('asks for a token with an assertion that its key signs, and presents the key nowhere', async () => {
    const { tokens } = parseServiceAccount(keyFile)!
    const config = { 'oauth-clients': {}, 'host-overrides': {} }
    const recipe = await refreshRecipe('vertex', login, config, { userAgent: 'logicaproxy/test' }, tokens.details, {})
    const { http, asked } = scripted(answer(200, { access_token: 'ya29.x', expires_in: 3599, token_type: 'Bearer' }))
    const now = 1_800_000_000_000
    const verdict = await refreshOnce(recipe, tokens.refreshToken!, http, () => now)
    assert.ok(verdict.is === 'fresh')
    assert.deepEqual([verdict.fresh.accessToken, verdict.fresh.expiresAt], ['ya29.x', now + 3_599_000])
    assert.equal(asked[0]!.url, 'https://oauth2.googleapis.com/token')
    const { assertion, ...rest } = fieldsIn(asked[0])
    assert.deepEqual(rest, { grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer' })
    const [head, claims, signature] = assertion!.split('.') as [string, string, string]
    const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
    assert.deepEqual(read(head), { alg: 'RS256', typ: 'JWT', kid: 'kid-1' })
    assert.deepEqual(read(claims), {
      iss: keyFile.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: 'https://oauth2.googleapis.com/token',
      iat: now / 1000,
      exp: now / 1000 + 3_600,
    })
    const verifier = createVerify('RSA-SHA256').update(`${head}.${claims}`)
    assert.ok(verifier.verify(publicKey, Buffer.from(signature, 'base64url')))
    assert.doesNotMatch(JSON.stringify(asked), /PRIVATE KEY/)
  })

  it('is dead when Google does not know it, or its key is none; and not when Google is away', async () => {
    const { tokens } = parseServiceAccount(keyFile)!
    const config = { 'oauth-clients': {}, 'host-overrides': {} }
    const recipe = await refreshRecipe('vertex', login, config, { userAgent: 'x' }, tokens.details, {})
    const gone = scripted(
      answer(400, { error: 'invalid_grant', error_description: 'Invalid grant: account not found' }),
    )
    assert.equal((await refreshOnce(recipe, tokens.refreshToken!, gone.http, () => 0)).is, 'dead')
    const broken = JSON.stringify({ client_email: 'a', private_key: 'none' })
    assert.equal((await refreshOnce(recipe, broken, scripted().http, () => 0)).is, 'dead')
    const away = await refreshOnce(recipe, tokens.refreshToken!, scripted(answer(503, {})).http, () => 0)
    assert.ok(away.is === 'later' && !away.mayBeSpent)
  })
})
