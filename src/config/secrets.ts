/** What in a configuration must never show in a log, a metric or a file. */
import type { Config } from './schema.ts'

/** The secrets themselves, and URLs that may hold some. Operators' header values count as secrets: they often are. */
export function configSecrets(config: Config): { secrets: string[]; urls: string[] } {
  const secrets: string[] = [config['remote-management']['secret-key']]
  const urls: (string | undefined)[] = [config['proxy-url'], config.store.url]
  for (const client of Object.values(config['oauth-clients']))
    if (client.secret !== undefined) secrets.push(client.secret)
  for (const entry of config['api-keys']) secrets.push(typeof entry === 'string' ? entry : entry.key)
  for (const list of ['claude-api-key', 'openai-api-key', 'codex-api-key', 'gemini-api-key'] as const)
    for (const entry of config[list]) {
      secrets.push(entry['api-key'], ...Object.values(entry.headers))
      urls.push(entry['proxy-url'], entry['base-url'])
    }
  for (const endpoint of config['openai-compatibility']) {
    secrets.push(...Object.values(endpoint.headers))
    urls.push(endpoint['proxy-url'], endpoint['base-url'])
    for (const entry of endpoint['api-key-entries']) {
      secrets.push(entry['api-key'], ...Object.values(entry.headers))
      urls.push(entry['proxy-url'])
    }
  }
  return {
    secrets: secrets.filter((s) => s !== '' && !s.startsWith('sha256:')),
    urls: urls.filter((u): u is string => u !== undefined && u !== ''),
  }
}
