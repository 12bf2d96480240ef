/**
 * Hub → legacy completions, whole and streamed (https://platform.openai.com/docs/api-reference/completions/object). There is
 * text and nothing else: a refusal's words are text, thoughts are not shown.
 */
import type { ChatResponse, Finish, StreamEvent, Usage } from '../../hub/response.ts'
import { formatSse } from '../../wire/sse.ts'
import type { AnswerContext, EventEncoder } from '../codec.ts'
import type { Json } from '../json.ts'
import { answerId, usageObject } from '../openai-chat/answer.ts'
import { finishWord } from '../openai-chat/finish.ts'
import { echoed, usageWanted } from './request.ts'

const PREFIX = 'cmpl-'

/** `tool_calls` cannot be: no legacy request has tools. */
function word(finish: Finish, refusal: boolean): string {
  const said = finishWord(finish, { refusal })
  return said === 'tool_calls' ? 'stop' : said
}

function choice(text: string, finish: string | null): Json {
  return { text, index: 0, logprobs: null, finish_reason: finish }
}

export function encodeResponse(answer: ChatResponse, context: AnswerContext): Json {
  const said = answer.parts.filter((part) => part.type === 'text' || part.type === 'refusal')
  const text = echoed(context.request) + said.map((part) => part.text).join('')
  const refusal = said.some((part) => part.type === 'refusal')
  return {
    id: answerId(answer.id, context, PREFIX),
    object: 'text_completion',
    created: context.created,
    model: context.model,
    choices: [choice(text, word(answer.finish, refusal))],
    ...(answer.usage !== undefined && { usage: usageObject(answer.usage) }),
  }
}

export function eventEncoder(context: AnswerContext): EventEncoder {
  const wanted = usageWanted(context.request)
  const telling = new Set<number>()
  let id = answerId('', context, PREFIX)
  let begun = false
  let refusal = false
  let usage: Usage | undefined

  function chunk(choices: Json[], rest: Json = {}): string {
    const { created, model } = context
    const body = { id, object: 'text_completion', created, model, choices, ...(wanted && { usage: null }), ...rest }
    return formatSse(JSON.stringify(body))
  }

  function say(text: string, finish: string | null = null): string {
    const echo = begun ? '' : echoed(context.request)
    begun = true
    return `${echo === '' ? '' : chunk([choice(echo, null)])}${chunk([choice(text, finish)])}`
  }

  return {
    push(event: StreamEvent) {
      switch (event.type) {
        case 'start':
          id = answerId(event.id, context, PREFIX)
          return ''
        case 'part-start':
          if (event.part.type === 'refusal') refusal = true
          if (event.part.type === 'text' || event.part.type === 'refusal') telling.add(event.index)
          return ''
        case 'part-delta':
          return telling.has(event.index) && event.text !== '' ? say(event.text) : ''
        case 'usage':
          usage = event.usage
          return ''
        case 'finish':
          return say('', word(event.finish, refusal))
        default:
          return ''
      }
    },
    end() {
      const told = wanted && usage !== undefined ? chunk([], { usage: usageObject(usage) }) : ''
      return `${told}${formatSse('[DONE]')}`
    },
  }
}
