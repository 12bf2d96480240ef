import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { CATEGORIES, classify, compileExamples, explain, promptOf, promptOfMessages, readPrompt } from './index.ts'

const categoryOf = (text: string, system?: string) => classify(promptOf(text, system)).category
const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value))

describe("the product description's table", () => {
  const table = {
    code: ['implement', 'debug', 'refactor', 'python', 'javascript', 'rust'],
    reasoning: ['analyze', 'compare', 'strategy', 'architecture'],
    fast: ['translate', 'summarize', 'list', 'simple'],
    creative: ['write', 'story', 'blog', 'marketing'],
    analysis: ['data', 'metrics', 'forecast', 'report'],
  }
  for (const [category, words] of Object.entries(table))
    for (const word of words) it(`${word} is ${category}`, () => assert.equal(categoryOf(word), category))

  it('sends its example to code and says why', () => {
    const { category, reason, signals, confidence } = classify(promptOf('refactor this function to use async/await'))
    assert.equal(category, 'code')
    assert.ok(confidence > 0.8)
    for (const word of ['refactor', 'function', 'async/await']) assert.ok(reason.includes(word), reason)
    assert.match(reason, /^code: .*\(confidence 0\.\d\d\)$/)
    assert.ok(signals.some(({ words }) => words === '"refactor" (a change to code)'))
  })
})

describe('nine languages', () => {
  const asked: Record<string, readonly [string, string, string]> = {
    en: ['Fix the bug in this function', 'Translate this to German: good night', 'Write a poem about the sea'],
    de: [
      'Behebe den Fehler in dieser Funktion',
      'Übersetze ins Englische: gute Nacht',
      'Schreibe ein Gedicht über das Meer',
    ],
    fr: ["Corrige l'erreur dans cette fonction python", 'Traduis en anglais : bonne nuit', 'Écris un poème sur la mer'],
    es: [
      'Corrige el error de esta función de python',
      'Traduce al inglés: buenas noches',
      'Escribe un poema sobre el mar',
    ],
    pt: ['Corrija o erro nesta função python', 'Traduza para o inglês: boa noite', 'Escreva um poema sobre o mar'],
    ru: [
      'Исправь ошибку в этой функции на python',
      'Переведи на английский: спокойной ночи',
      'Напиши стихотворение о море',
    ],
    zh: ['修复这个python函数的错误', '翻译成英文：晚安', '写一首关于大海的诗'],
    ja: ['このpythonの関数のバグを直して', '英語に翻訳して：おやすみ', '海についての詩を書いて'],
    ko: ['이 파이썬 함수의 버그를 고쳐줘', '영어로 번역해줘: 안녕히 주무세요', '바다에 대한 시를 써줘'],
  }
  for (const [language, prompts] of Object.entries(asked))
    it(language, () => {
      assert.deepEqual(
        prompts.map((text) => categoryOf(text)),
        ['code', 'fast', 'creative'],
      )
      assert.equal(classify(promptOf(prompts[2])).language, language)
    })
})

describe('a coding agent', () => {
  const system = `You are a coding agent, an interactive CLI that helps with software engineering tasks. ${'Refactor, run the tests, read files and edit them with the tools. '.repeat(480)}`
  it('is judged by what the user asks, not by 30 KB of instructions', () => {
    assert.ok(system.length > 30_000)
    assert.equal(categoryOf('translate this sentence to French', system), 'fast')
    assert.equal(categoryOf('write a poem about the sea', system), 'creative')
  })
  it('has the benefit of the doubt for code', () => {
    for (const text of ['yes, go ahead', 'fix it', 'continue', 'try the other way', 'why is it slow?'])
      assert.equal(categoryOf(text, system), 'code', text)
    assert.notEqual(categoryOf('yes, go ahead'), 'code')
  })
  it('is told by its tools too, with reminders and results among the turns', () => {
    const body = bodyOf({
      model: 'auto',
      messages: [
        {
          role: 'user',
          content: [{ type: 'text', text: '<system-reminder>Write stories. Translate.</system-reminder>' }],
        },
        { role: 'user', content: 'fix the login bug' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'Bash', input: { command: 'npm test' } }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 'a', content: 'a poem, a story, a report on data' }],
        },
      ],
      tools: [
        { name: 'Bash', input_schema: {} },
        { name: 'Edit', input_schema: {} },
      ],
    })
    const prompt = readPrompt('anthropic', body)
    assert.equal(prompt.agent, true)
    assert.equal(prompt.text, 'fix the login bug')
    assert.equal(prompt.attachments.toolResults, 1)
    assert.equal(classify(prompt).category, 'code')
  })
})

describe('a decision', () => {
  it('has scores that sum to one, of which the category is the greatest', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400, unit: 'grapheme' }), (text) => {
        const { scores, category, confidence } = classify(promptOf(text))
        const values = CATEGORIES.map((c) => scores[c])
        assert.ok(Math.abs(values.reduce((a, b) => a + b, 0) - 1) < 1e-9)
        assert.equal(confidence, Math.max(...values))
        assert.equal(scores[category], confidence)
      }),
    )
  })
  it('is the same for the same conversation, whatever was decided between', () => {
    fc.assert(
      fc.property(fc.array(fc.lorem({ maxCount: 8 }), { minLength: 1, maxLength: 6 }), fc.string(), (turns, other) => {
        const prompt = promptOfMessages(
          turns.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content })),
        )
        const first = JSON.stringify(classify(prompt))
        classify(promptOf(other))
        assert.equal(JSON.stringify(classify(prompt)), first)
      }),
      { numRuns: 50 },
    )
  })
  it('hears a system prompt that is the task where the message is only data', () => {
    const data =
      'The harbour lay quiet in the moonlight and old Tom mended his nets while the dragon slept in its cave.'
    assert.equal(categoryOf(data, 'Translate everything the user sends into French. Output nothing else.'), 'fast')
    assert.equal(categoryOf(data, 'Fasse jede Nachricht in einem Satz zusammen.'), 'fast')
    const alone = classify(promptOf(data))
    const helper = 'You are a helpful assistant. You can translate, write code and plan.'
    assert.deepEqual(classify(promptOf(data, helper)).scores, alone.scores)
    assert.equal(categoryOf('Write a poem about a harbour', 'Translate everything the user sends.'), 'creative')
  })
  it('takes a word with two letters swapped or one doubled for the same word', () => {
    const slip = classify(promptOf('tranlsate this setnence into Frrench')).scores.fast
    const clean = classify(promptOf('translate this sentence into French')).scores.fast
    assert.ok(Math.abs(slip - clean) < 0.02, `${slip} ${clean}`)
  })
  it('stays as it was under a system prompt that is no agent’s', () => {
    for (const text of [
      'What is the capital of Kenya?',
      'Write a limerick',
      'Prove that 2 is prime',
      'sort a list in go',
    ])
      assert.equal(categoryOf(text, 'You are a helpful assistant of Acme Bank.'), categoryOf(text))
  })
  it('stays as it was under a greeting and thanks', () => {
    for (const text of ['What is the capital of Kenya?', 'Write a limerick about cats', 'Prove that 2 is prime'])
      assert.equal(categoryOf(`Hi there! ${text} Thanks a lot!`), categoryOf(text))
  })
  it('follows the earlier turns where the last one only refers to them', () => {
    const said = (...turns: string[]) =>
      classify(
        promptOfMessages(
          turns.flatMap((content) => [
            { role: 'user', content },
            { role: 'assistant', content: 'ok' },
          ]),
        ),
      ).category
    assert.equal(said('Write a poem about winter.', 'make it shorter'), 'creative')
    assert.equal(said('Write a function that sorts a list in Go.', 'now the other way round'), 'code')
    assert.equal(
      said('Write a function that sorts a list in Go.', 'Thanks. Now write a love poem about Paris.'),
      'creative',
    )
    assert.equal(said('Write a story about two brothers.', 'something funnier'), 'creative')
    assert.equal(said('写一个冒泡排序的python函数。', '再加上注释'), 'code')
    assert.equal(said('Напиши тост на юбилей.', 'Добавь немного юмора.'), 'creative')
    // A short wish that names a task of its own is that task.
    assert.equal(said('Write a poem about rain.', 'Translate "rain" into Polish instead.'), 'fast')
  })
  it('is made of nothing where there is nothing, with no confidence', () => {
    for (const text of ['', '   \n', '😀😀🎉', '!!!???', '\u0000\u0001']) {
      const decision = classify(promptOf(text))
      assert.ok(decision.confidence < 0.4, JSON.stringify(text))
      assert.equal(decision.language, 'und')
      assert.match(decision.reason, /no words to judge by/)
      assert.deepEqual(decision.signals, [])
    }
  })
  it('says what is hard', () => {
    assert.equal(classify(promptOf('Prove that there are infinitely many primes')).hard, true)
    assert.equal(classify(promptOf('translate "good night" into Italian')).hard, false)
  })
  it('takes texts that are made to be slow', () => {
    const evil = [
      '(',
      '<a ',
      '"name":',
      'a.',
      '[',
      '_ ',
      '\n- ',
      'A) x B) ',
      '/a',
      '1,2;',
      'https://',
      '`',
      '<task>',
      '\\',
    ].map((part) => part.repeat(60_000 / part.length))
    const from = process.cpuUsage().user
    for (const text of evil) classify(promptOf(text)).reason.slice()
    // A square law would take minutes; this allows for any machine.
    assert.ok(process.cpuUsage().user - from < 20e6)
  })
})

describe('an explanation', () => {
  it('names words of the text and forms, the strongest first, six at most', () => {
    const signals = explain(
      promptOf('Write a short story about a dragon and a poem for children, in a funny tone, about friendship'),
    )
    assert.ok(signals.length > 1 && signals.length <= 6)
    assert.ok(signals.every(({ category, weight }) => category === 'creative' && weight > 0))
    assert.deepEqual(
      signals.map(({ weight }) => weight),
      signals.map(({ weight }) => weight).sort((a, b) => b - a),
    )
    assert.ok(signals.some(({ words }) => words.includes('story')))
  })
  it('can be sent as JSON', () => {
    const plain = JSON.parse(JSON.stringify(classify(promptOf('debug this python script'))))
    assert.equal(plain.category, 'code')
    assert.match(plain.reason, /python/)
    assert.ok(plain.signals.length > 0)
  })
})

describe('examples', () => {
  const wrong = 'give me the lowdown on the Henderson account before my call'
  it('change the decision for the same prompt and for similar ones', () => {
    const examples = compileExamples([{ text: wrong, category: 'analysis' }])
    assert.notEqual(classify(promptOf(wrong)).category, 'analysis')
    assert.equal(classify(promptOf(wrong), examples).category, 'analysis')
    const similar = 'Hi, please give me the lowdown on the Miller account before the call'
    assert.notEqual(classify(promptOf(similar)).category, 'analysis')
    const decision = classify(promptOf(similar), examples)
    assert.equal(decision.category, 'analysis')
    assert.match(decision.reason, /like the example "give me the lowdown/)
  })
  it('leave unrelated prompts exactly as they were', () => {
    const examples = compileExamples([{ text: wrong, category: 'analysis' }])
    for (const text of [
      'write a poem about the sea',
      'translate this to French: good night',
      'fix the failing test',
      '写一首诗',
    ])
      assert.deepEqual({ ...classify(promptOf(text), examples).scores }, { ...classify(promptOf(text)).scores }, text)
  })
  it('are overruled by a later one for the same text, and gone when left out', () => {
    const both = compileExamples([
      { text: wrong, category: 'analysis' },
      { text: wrong, category: 'creative' },
    ])
    assert.equal(classify(promptOf(wrong), both).category, 'creative')
    assert.equal(classify(promptOf(wrong), compileExamples([])).category, classify(promptOf(wrong)).category)
  })
  it('work in languages without spaces', () => {
    const text = '帮我看一下张总那边的情况'
    const examples = compileExamples([{ text, category: 'analysis' }])
    assert.equal(classify(promptOf('请帮我看一下李总那边的情况'), examples).category, 'analysis')
  })
  it('make categories of one’s own, by keywords and by examples', () => {
    const examples = compileExamples([], {
      legal: { keywords: ['nda', 'terms of service', '계약서'] },
      support: {
        examples: [
          'my parcel has not arrived yet',
          'where is my parcel, it has not arrived',
          'the parcel arrived broken',
        ],
      },
    })
    assert.equal(classify(promptOf('Check this NDA for risks'), examples).category, 'legal')
    assert.equal(classify(promptOf('계약서를 검토해 주세요'), examples).category, 'legal')
    assert.notEqual(classify(promptOf('the agenda of today'), examples).category, 'legal')
    assert.equal(classify(promptOf('hello, my parcel has not arrived'), examples).category, 'support')
    const { scores } = classify(promptOf('write a poem about the sea'), examples)
    assert.equal(scores['legal'], 0)
    assert.ok(Math.abs(Object.values(scores).reduce((a, b) => a + b, 0) - 1) < 1e-9)
  })
})
