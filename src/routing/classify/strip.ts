/** Takes out of a user's message what a program put there: reminders, environments, files, command output. */

/** Elements whose content is a program's. */
const INJECTED = new Set(
  `system-reminder system_reminder environment_context environment_details environment user_instructions user_info
  permissions permissions_instructions collaboration_mode skills_instructions instructions apps_instructions plugins_instructions
  model_switch turn_aborted local-command-stdout local-command-stderr local-command-caveat command-name command-message
  command-contents bash-input bash-stdout bash-stderr ide_opened_file ide_selection ide_diagnostics new-diagnostics file files
  file_content file_contents file-content document documents attached_files attached_file additional_data context project_context
  project_layout project-structure workspace_info workspace_layout repo_map repository git_status gitstatus rules cursor_rules
  user_rules custom_instructions always_applied_workspace_rules session_context hook_context directory_structure current_file
  current_time current_datetime open_files open_and_recently_viewed_files recently_viewed_files linter_errors tool_result
  tool_output function_results function_result terminal_output terminal_selection shell_output stdout stderr search_results
  memory memories reminderinstructions reminder_instructions editorcontext attachments attachment available_skills skill
  task-notification system_notification slash_command env todo_list user-prompt-submit-hook system-instruction
  extracted_content retrieved_context`.split(/\s+/),
)

/** Elements whose content is what the user asked. */
const ASKED =
  'user_query user_request user_message userRequest user-query task feedback question prompt command-args'.split(' ')

/** Lines by which an agent opens a message of its own making. */
const PREAMBLE =
  /^(?:# AGENTS\.md instructions|# Context from my IDE setup|This is the (?:Gemini|Qwen)|I'm setting up|Caveat: The messages below|\[Request interrupted|Contents of \/|The following (?:files|skills|tools) |Today's date|As you answer the user's questions|Here is the (?:structure|file tree|contents?) of|Codebase and user instructions|\[SYSTEM)/

const REQUEST_HEADING =
  /(?:^|\n)#+ (?:My request|User (?:request|query|message)|Request|Task)[^\n]{0,40}:?\s*\n([\s\S]+)$/i

/** A message without what was injected. Runs in one pass over a text of bounded size. */
export function withoutInjected(text: string): string {
  if (text.length < 12) return text.trim()
  const heading = text.includes('#') ? REQUEST_HEADING.exec(text) : null
  let rest = heading?.[1] ?? text
  if (rest.includes('<')) {
    const asked = askedIn(rest)
    if (asked !== undefined) return asked
    rest = withoutElements(rest)
  }
  rest = rest.trim()
  return PREAMBLE.test(rest) ? '' : rest
}

/** What the last element that marks a user's words holds, if there is one. */
function askedIn(text: string): string | undefined {
  for (const name of ASKED) {
    const open = text.lastIndexOf(`<${name}>`)
    if (open < 0) continue
    const close = text.indexOf(`</${name}>`, open)
    const words = text.slice(open + name.length + 2, close < 0 ? text.length : close).trim()
    if (words !== '') return words
  }
  return undefined
}

/** Cuts injected elements; of one that is only opened or only closed in this window, the side that lies in the window. */
function withoutElements(text: string): string {
  let out = ''
  let kept = 0
  const tag = /<(\/?)([A-Za-z][\w-]{1,40})(?:[ \t][^<>\n]{0,300})?>/g
  for (let found = tag.exec(text); found !== null; found = tag.exec(text)) {
    const name = found[2]!.toLowerCase()
    if (!INJECTED.has(name)) continue
    if (found[1] === '/') {
      // Its opening is out of sight: all before belongs to it.
      out = ''
      kept = tag.lastIndex
      continue
    }
    out += text.slice(kept, found.index)
    const close = text.indexOf(`</${found[2]}>`, tag.lastIndex)
    if (close < 0) {
      kept = text.length
      break
    }
    kept = close + found[2]!.length + 3
    tag.lastIndex = kept
  }
  return out + text.slice(kept)
}

const HELLO =
  /^\s*(?:(?:thanks|thank you|great|perfect|ok|okay|nice|cool|awesome|danke|super|merci|parfait|gracias|perfecto|genial|grazie|perfetto|obrigad[oa]|спасибо|отлично|hi|hello|hey|dear|good (?:morning|afternoon|evening|day)|greetings|hola|buen[oa]s(?: (?:d[ií]as|tardes|noches))?|bonjour|bonsoir|salut|hallo|guten (?:tag|morgen|abend)|moin|servus|ciao|buongiorno|buonasera|salve|ol[áa]|oi|bom dia|boa (?:tarde|noite)|привет|здравствуй(?:те)?|добр(?:ый|ое) (?:день|утро|вечер))|谢谢|你好|您好|嗨|哈喽|大家好|ありがとう(?:ございます)?|こんにちは|こんばんは|おはよう(?:ございます)?|はじめまして|감사합니다|안녕하세요|안녕)(?:[ ,]{1,2}(?:there|everyone|all|team|guys|chatgpt|claude|gpt|assistant|friend|zusammen|à tous|a todos|a tutti|всем|мой друг))?\s{0,3}[,.!?~，。！、:—-]+\s*(?:(?:how are you|hope you(?:'re| are) (?:well|doing well)|i hope (?:you|this)[^.!?\n]{0,30}|how's it going|wie geht'?s|¿?(?:qué tal|cómo estás)|ça va|come stai|tudo bem|как дела)\s*[?.!,]+\s*)?/i
const PLEASE =
  /^\s*(?:(?:please|pls|plz|kindly|por favor|s'il (?:te|vous) pla[iî]t|bitte|per favore|пожалуйста)[ ,:]+|(?:can|could|would|will) you (?:please |kindly )?|i(?: would|'d) like you to |i (?:want|need) you to |请你?|麻烦(?:你|您)?|请问[，,]?)/i
const THANKS =
  /[\s,;，—-]*(?:(?:many |much )?thank(?:s| you)(?: (?:so|very) much| a lot| in advance| for (?:your|the) (?:help|time|assistance)| again)?|thx|ty|cheers|best regards|kind regards|gracias(?: de antemano| por (?:tu|su) ayuda)?|muchas gracias|merci(?: d'avance| beaucoup| pour (?:ton|votre) aide)?|danke(?: (?:schön|im voraus|dir|ihnen))?|vielen dank(?: im voraus)?|grazie(?: mille| in anticipo)?|(?:muito )?obrigad[oa](?: desde já| pela ajuda)?|(?:большое )?спасибо(?: заранее| большое)?|заранее спасибо|谢谢(?:你|您|啦)?|多谢|感谢|ありがとう(?:ございます|ございました)?|よろしく(?:お願いします|お願いいたします)?|감사합니다|고마워(?:요)?|부탁(?:해요|드립니다))[\s.!~。！)]*$/iu

/** The instruction without a greeting before it and thanks behind it; all of it if nothing else is left. */
export function withoutCourtesy(text: string): string {
  const first = text.charCodeAt(0)
  let rest = text
  // Only a short beginning and end are looked at, whatever the length.
  if (first > 32 || text.length < 400) {
    const hello = HELLO.exec(text.length > 160 ? text.slice(0, 160) : text)
    if (hello !== null) rest = rest.slice(hello[0].length)
    const please = PLEASE.exec(rest.length > 80 ? rest.slice(0, 80) : rest)
    if (please !== null) rest = rest.slice(please[0].length)
  }
  const cut = Math.max(0, rest.length - 90)
  const thanks = THANKS.exec(cut > 0 ? rest.slice(cut) : rest)
  if (thanks !== null) rest = rest.slice(0, cut + thanks.index)
  return rest.trim().length < 2 ? text : rest
}
