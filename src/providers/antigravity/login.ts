/** Google Antigravity by OAuth. Facts: domain.md 1.6. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { LoginFlow } from '../../accounts/oauth/flow.ts'
import { remembered, secretIn } from '../../accounts/oauth/google/installed.ts'
import type { CodeAssistSheet } from '../../accounts/oauth/google/onboarding.ts'
import { googleBrowser, googleScopes } from '../../accounts/oauth/google/sign-in.ts'
import { version } from '../../version.ts'
import { googleLogin } from '../google-login.ts'

const DAILY = 'https://daily-cloudcode-pa.googleapis.com'
const STABLE = 'https://cloudcode-pa.googleapis.com'
const SANDBOX = 'https://daily-cloudcode-pa.sandbox.googleapis.com'

const sheet: CodeAssistSheet = {
  title: 'Antigravity',
  loadAt: [DAILY, STABLE, SANDBOX],
  onboardAt: DAILY,
  loadMetadata: { ideType: 'ANTIGRAVITY', platform: 'PLATFORM_UNSPECIFIED', pluginType: 'GEMINI' },
  // The type names the API that is asked for; name and version are of who asks: us.
  onboard: (tierId, project) => ({
    tier_id: tierId,
    ...(project === undefined ? {} : { cloudaicompanion_project: project }),
    metadata: { ide_type: 'ANTIGRAVITY', ide_version: version, ide_name: 'logicaproxy' },
  }),
  wait: { by: 'repeat', everyMs: 2_000, times: 5 },
  advice:
    'Sign in to Antigravity itself once with this account and see what it says, or use a Gemini API key (gemini-api-key).',
}

export const login: LoginFlow = {
  policy: {
    state: 'restricted',
    since: '2026-09-22',
    note: "Works, with risks: Google has disabled accounts for use of Antigravity through other programs (403, Terms of Service), refuses clients it takes for outdated, and answers 429 to prompts that name other vendors' agents. Do not use an account you cannot lose.",
    url: 'https://github.com/router-for-me/CLIProxyAPI/issues/3399',
  },
  title: 'Google Antigravity',
  clientId: '1071006060591-tmhssin2h21lcre235vtolojh4g403ep.apps.googleusercontent.com',
  otherClients: {
    '884354919052-36trc1jjb3tguiac32ov6cod268c5blh.apps.googleusercontent.com':
      'Google Workspace accounts under the Google Cloud terms',
  },
  scopes: googleScopes('cloud-platform', 'userinfo.email', 'userinfo.profile', 'cclog', 'experimentsandconfigs'),
  secret: {
    env: 'LOGICAPROXY_ANTIGRAVITY_SECRET',
    find: remembered((clientId) => findSecret(clientId)),
    help: 'It stands in the Antigravity desktop app: install that (antigravity.google) and it is found by itself, or look for the value behind this client id in resources/app/out/main.js of the app (module vs/platform/cloudCode/common/oauthClient.js).',
  },
  browser: googleBrowser({ host: 'localhost', path: '/oauth-callback', ports: [] }),
  ...googleLogin(sheet),
  baseUrl: DAILY,
  otherBaseUrls: [STABLE, SANDBOX],
}

/** In the app's bundle, where each system keeps installed programs. */
export async function findSecret(
  clientId: string,
  env: NodeJS.ProcessEnv = process.env,
  home: string = homedir(),
  platform: NodeJS.Platform = process.platform,
): Promise<string | undefined> {
  return await secretIn(
    appFolders(env, home, platform).flatMap((folder) => ['main.js', 'cli.js'].map((file) => join(folder, 'out', file))),
    clientId,
  )
}

function appFolders(env: NodeJS.ProcessEnv, home: string, platform: NodeJS.Platform): string[] {
  const apps = ['Antigravity', 'Antigravity IDE']
  switch (platform) {
    case 'darwin':
      return ['/Applications', join(home, 'Applications')].flatMap((at) =>
        apps.map((app) => join(at, `${app}.app`, 'Contents', 'Resources', 'app')),
      )
    case 'win32':
      return [env['LOCALAPPDATA'] && join(env['LOCALAPPDATA'], 'Programs'), env['ProgramFiles']]
        .filter((at) => at !== undefined && at !== '')
        .flatMap((at) => apps.map((app) => join(at!, app, 'resources', 'app')))
    default:
      return [
        '/usr/share/antigravity',
        '/usr/lib/antigravity',
        '/opt/antigravity',
        '/opt/Antigravity',
        join(home, '.local', 'share', 'antigravity'),
        join(home, 'Antigravity'),
      ].map((at) => join(at, 'resources', 'app'))
  }
}
