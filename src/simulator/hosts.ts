/** Every vendor host that has a stand-in (domain.md 1.1–1.8). */
export const HOSTS = [
  'claude.ai',
  'claude.com',
  'platform.claude.com',
  'console.anthropic.com',
  'api.anthropic.com',
  'auth.openai.com',
  'chatgpt.com',
  'accounts.google.com',
  'oauth2.googleapis.com',
  'www.googleapis.com',
  'cloudcode-pa.googleapis.com',
  'daily-cloudcode-pa.googleapis.com',
  'daily-cloudcode-pa.sandbox.googleapis.com',
  'codeassist.google.com',
  'chat.qwen.ai',
  'portal.qwen.ai',
  'iflow.cn',
  'platform.iflow.cn',
  'apis.iflow.cn',
  'auth.kimi.com',
  'api.kimi.com',
  'auth.x.ai',
  'api.x.ai',
  'cli-chat-proxy.grok.com',
] as const

/** One of `HOSTS`. */
export type HostName = (typeof HOSTS)[number]

/** Vendor origin → its stand-in under `base`, ready to be the configuration's `host-overrides`. */
export function hostMap(base: string): Record<string, string> {
  return Object.fromEntries(HOSTS.map((host) => [`https://${host}`, `${base}/hosts/${host}`]))
}

/** The stand-in of a vendor URL; any other URL as it is. */
export function standIn(base: string, url: string): string {
  const match = /^https:\/\/([^/?#]+)/.exec(url)
  return match && (HOSTS as readonly string[]).includes(match[1]!)
    ? `${base}/hosts/${match[1]}${url.slice(match[0].length)}`
    : url
}
