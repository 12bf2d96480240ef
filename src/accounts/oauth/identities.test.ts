import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { claudeSubject, googleIdentity, namedIdentity, openAiIdentity } from './identities.ts'
import { expiryOf, readClaims } from './jwt.ts'
import { errorOf, plain } from './text.ts'

const jwt = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`

describe('the claims of a token', () => {
  it('are read, never verified', () => {
    assert.deepEqual(readClaims(jwt({ sub: 'a', name: 'Änna' })), { sub: 'a', name: 'Änna' })
  })

  it('are none when it is no JWT', () => {
    for (const token of [
      undefined,
      '',
      'opaque',
      'a.b',
      'a.b.c.d',
      'a.!!!.c',
      jwt([1]),
      jwt('x'),
      `a.${'x'.repeat(70_000)}.c`,
    ])
      assert.equal(readClaims(token), undefined)
  })

  it('tell the end in ms', () => {
    assert.equal(expiryOf(jwt({ exp: 1234 })), 1_234_000)
    for (const exp of [undefined, 'soon', 0, -1, null]) assert.equal(expiryOf(jwt({ exp })), undefined)
  })
})

describe('an identity', () => {
  const auth = (over: object) =>
    jwt({
      sub: 's',
      email: 'a@b.example',
      'https://api.openai.com/auth': {
        chatgpt_account_id: 'acc',
        chatgpt_user_id: 'u',
        chatgpt_plan_type: 'plus',
        ...over,
      },
    })

  it('of ChatGPT is the account and the person in it', () => {
    assert.deepEqual(openAiIdentity(auth({}), undefined), {
      subject: 'acc/u',
      email: 'a@b.example',
      plan: 'plus',
      details: { 'account-id': 'acc', plan: 'plus' },
    })
    assert.equal(openAiIdentity(undefined, auth({ chatgpt_user_id: undefined }))?.subject, 'acc/s')
    assert.equal(openAiIdentity(jwt({ sub: 's' }), 'opaque'), undefined)
  })

  it('of Claude is the account in its organization, of Google the address in lower case', () => {
    assert.deepEqual([claudeSubject('a', 'o'), claudeSubject('a', undefined)], ['a/o', 'a'])
    assert.equal(googleIdentity('Anna@Test.example').subject, 'anna@test.example')
  })

  it('without a name of the vendor’s is what the person calls it: the same name again is the same account', async () => {
    assert.deepEqual(await namedIdentity({ label: ' Work\u001b[1m ' }, 'V'), {
      subject: 'name:work [1m',
      label: 'Work [1m',
    })
    assert.deepEqual(await namedIdentity({ ask: async () => 'Home' }, 'V'), { subject: 'name:home', label: 'Home' })
    const [a, b] = [await namedIdentity({}, 'V'), await namedIdentity({ ask: async () => undefined }, 'V')]
    assert.notEqual(a.subject, b.subject)
  })
})

describe('what strangers say', () => {
  it('is one line without anything that steers a terminal, and without secrets', () => {
    assert.equal(plain('a\u001b[31m\r\nb\u202ec'), 'a [31m b c')
    assert.equal(plain('x'.repeat(400)).length, 300)
    assert.equal(plain('the secret-token here', 300, ['secret-token', undefined]), 'the … here')
  })

  it('is found in every form of an error', () => {
    assert.deepEqual(errorOf({ error: 'a', error_description: 'b' }), { code: 'a', words: 'b' })
    assert.deepEqual(errorOf({ error: { code: 'a', message: 'b' } }), { code: 'a', words: 'b' })
    assert.deepEqual(errorOf({ error: { code: 403, status: 'DENIED', message: 'b' } }), { code: 'DENIED', words: 'b' })
    assert.deepEqual(errorOf({ detail: 'b' }), { code: '', words: 'b' })
    assert.deepEqual(errorOf({}), { code: '', words: '' })
  })
})
