/** Which subscription API answers at which host. */
import { type Exchange, json } from '../exchange.ts'
import type { HostName } from '../hosts.ts'
import type { World } from '../world.ts'
import { iflow, kimi, qwen, xai } from './chat-vendors.ts'
import { claude } from './claude.ts'
import { codeAssist } from './code-assist.ts'
import { codex } from './codex.ts'
import type { Destination } from './shell.ts'

type Api = (x: Exchange, world: World) => Destination | undefined

const APIS: Partial<Record<HostName, Api>> = {
  'api.anthropic.com': claude,
  'chatgpt.com': codex,
  'cloudcode-pa.googleapis.com': codeAssist,
  'daily-cloudcode-pa.googleapis.com': codeAssist,
  'daily-cloudcode-pa.sandbox.googleapis.com': codeAssist,
  'portal.qwen.ai': qwen,
  'apis.iflow.cn': iflow,
  'api.kimi.com': kimi,
  'api.x.ai': xai,
  'cli-chat-proxy.grok.com': xai,
}

/** Takes a request to a vendor's API where it belongs. */
export function subscription(x: Exchange, world: World): Destination {
  return (
    APIS[x.host as HostName]?.(x, world) ?? {
      reply: json(404, {
        error: { message: `Nothing is simulated at ${x.method} https://${x.host}${x.path}`, type: 'not_found' },
      }),
    }
  )
}
