/** Gemini Code Assist by OAuth, as Gemini CLI logs in to it. Facts: domain.md 1.3. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { LoginFlow } from '../../accounts/oauth/flow.ts'
import { filesBelow, globalModules, remembered, secretIn } from '../../accounts/oauth/google/installed.ts'
import type { CodeAssistSheet } from '../../accounts/oauth/google/onboarding.ts'
import { googleBrowser, googleScopes } from '../../accounts/oauth/google/sign-in.ts'
import { googleLogin } from '../google-login.ts'

const API = 'https://cloudcode-pa.googleapis.com'
/** Other platform strings are refused with 400. */
const METADATA = { ideType: 'IDE_UNSPECIFIED', platform: 'PLATFORM_UNSPECIFIED', pluginType: 'GEMINI' }

const sheet: CodeAssistSheet = {
  title: 'Gemini Code Assist',
  loadAt: [API],
  onboardAt: API,
  loadMetadata: METADATA,
  onboard: (tierId, project) => ({
    tierId,
    ...(project === undefined ? {} : { cloudaicompanionProject: project }),
    metadata: { ...METADATA, ...(project === undefined ? {} : { duetProject: project }) },
  }),
  wait: { by: 'operation', everyMs: 5_000, times: 24 },
  advice:
    'Since 18 June 2026 this login is for Code Assist Standard and Enterprise licences only: use an account with one, a Gemini API key (gemini-api-key), or the Antigravity login.',
}

export const login: LoginFlow = {
  policy: {
    state: 'restricted',
    since: '2026-09-22',
    note: 'Closed for individuals (free, AI Pro, AI Ultra) since 18 June 2026; Code Assist Standard and Enterprise licences still work. Google has also disabled accounts for use through third-party programs.',
    url: 'https://github.com/google-gemini/gemini-cli/discussions/28017',
  },
  title: 'Gemini Code Assist (Gemini CLI)',
  clientId: '681255809395-oo8ft2oprdrnp9e3aqf6av3hmdib135j.apps.googleusercontent.com',
  scopes: googleScopes('cloud-platform', 'userinfo.email', 'userinfo.profile'),
  secret: {
    env: 'LOGICAPROXY_GEMINI_CLI_SECRET',
    find: remembered((clientId) => findSecret(clientId)),
    help: 'Google publishes it in Gemini CLI: install that (npm install -g @google/gemini-cli) and it is found by itself, or copy OAUTH_CLIENT_SECRET from packages/core/src/code_assist/oauth2.ts of github.com/google-gemini/gemini-cli.',
  },
  browser: {
    ...googleBrowser({ host: '127.0.0.1', path: '/oauth2callback', ports: [] }),
    manualRedirect: { url: 'https://codeassist.google.com/authcode', pkce: true },
  },
  ...googleLogin(sheet),
  baseUrl: API,
}

/** In an installed `@google/gemini-cli` (bundled) or `@google/gemini-cli-core`. */
export async function findSecret(
  clientId: string,
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  const roots = await globalModules('gemini', env, home, platform)
  async function* files(): AsyncGenerator<string> {
    const core = join('@google', 'gemini-cli-core')
    for (const root of roots)
      for (const folder of [join(root, core), join(root, '@google', 'gemini-cli', 'node_modules', core)])
        yield join(folder, 'dist', 'src', 'code_assist', 'oauth2.js')
    for (const root of roots) yield* filesBelow(join(root, '@google', 'gemini-cli', 'bundle'), /\.js$/, 0)
  }
  return await secretIn(files(), clientId)
}
