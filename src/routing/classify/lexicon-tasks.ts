/**
 * What is to be done: concepts of action and the words that stand for them.
 *
 * `word`, `begin*` for every word that begins so, `"two words"`, and up to four ideographs in a row. Of two concepts that
 * claim an entry the first keeps it, and the longest beginning of a word counts.
 */
export const TASKS: Readonly<Record<string, string>> = {
  TRANSLATE: `translat* "in english" "into english" "into french" "into spanish" "into german" "into chinese"
    traduc* traduis* traduir* traduz* tradur* traduit* traduci übersetz* übertrage перевед* перевод* перевест* 翻译 翻譯 译成 译为
    翻成 英译 中译 翻訳 訳して 訳せ 英訳 和訳 英語に 日本語に 번역* 영어로 한국어로 일본어로 영작* ترجم* çevir* vertaal* przetłumacz* dịch
    terjemah* अनुवाद*`,
  SUMMARIZE: `summar* summaris* tldr synopsis condense recap abstract gist "key points" "main points" "main idea" takeaways
    resum* resúm* résum* synthétis* síntesis sintetiz* riassum* riassunto sintesi zusammenfass* "fasse" zusammenfassung
    kernaussag* stichpunkt* сократи* резюмир* кратк* обобщи* суммариз* пересказ* перескажи* конспект* 总结 總結 概括 摘要 概述
    归纳 提炼 缩写 要約 まとめて まとめ 要点 요약* 정리해* 간추* 핵심만 لخص* özetle* samenvat* streszcz* ringkas*`,
  REWRITE: `rewrit* rephras* paraphras* reword* proofread* polish* "correct the" "fix the grammar" grammar grammatical
    spelling punctuation typos shorten simplif* improve improved "make it" "make this" edit edited editing revise
    reformulat* reescrib* reescrev* parafras* corrig* mejora* mejorar melhor* ortograf* gramátic* gramatic* réécri*
    récri* reformul* corrigez améliore* simplifie* orthograph* grammaire umschreib* umformulier* formuliere korrigier*
    verbesser* rechtschreib* grammatik* kürze vereinfach* riscriv* corregg* miglior* semplific* перефраз* перепиш*
    исправ* переформул* отредакт* улучши* упрост* переделай* 改写 润色 修改 纠正 改成 改为 改正 语法 错别字 缩短 扩写 精简 替换 优化这段 書き換え 言い換え 添削
    修正して 直して 校正 文法 敬語 簡潔に 고쳐* 다듬* 바꿔* 교정* 맞춤법* 문법* 간결하* 존댓말* 매끄럽* "исправь ошибки" "correggi gli" "dans un style"
    höflicher kürzer shorter politer friendlier concise 短く 丁寧`,
  CLASSIFY: `classif* categori* sentiment label* labels "positive or negative" "positive negative" "which category"
    "hate speech" toxic spam sarcastic* detect entail* contradicts "is the following" clasific* clasifica sentimiento*
    classific* sentimento* klassifizier* einordn* kategorie* stimmung* classe* catégori* sentiment* classificat*
    categoria классифи* тональност* категори* отнес* 分类 分類 情感 归类 判断 感情 类别 分到 属于 分类为 标签 분류* 감정* 긍정* 부정* 카테고리* 판별* 스팸*
    détecte* déterminez erkenne rileva rilevare 检测 仇恨 содержит токсичн* "true or" "positiv oder" "positivo ou"
    "positivo o" "positif ou" "положительный или" 正面 负面 肯定的 否定的 긍정인가요`,
  EXTRACT: `extract* keywords keyword "find all" identify identifies underlined highlight* "named entities" entities
    mentioned retrieve extrae* extraer extrai* extrahier* entnehm* identifizier* identifi* identifica* estra*
    individua извлек* извлеч* выпиши* выдели* найди* вытащ* 提取 抽取 找出 关键词 抽出 识别 列明 取り出 抜き出 キーワード 特定して 추출* 찾아* 뽑아* 골라*
    키워드* "pull all" "pull out" "replace all" anonymize maskiere`,
  LIST: `list lists listing enumerate "name three" "name five" "name a few" bullet* "top 10" "top ten" "top five"
    "top 5" "give me a list" examples example synonym* antonym* rhym* lista listar liste listez listes elenca* elenco
    auflist* aufzähl* nenne nennen beispiel* beispiele ejemplo* exemplo* exemple* esempi* sinónim* sinônim* synonym*
    enumera* enumere cite citez перечисли* список назови* пример* приведи* синоним* антоним* 列出 列举 列表 举例 例子 同义词 反义词
    近义词 写出 给出 リスト 挙げて 列挙 例を 一覧 類義語 나열* 목록* 예시* 예를 동의어* 리스트*`,
  SORT: `sort alphabetical* ascending descending rank ranking "in order" order ordering arrange rearrange sortier* reihenfolge alphabetisch*
    ordena* ordene ordenar classez trie ordre ordina* ordine отсортируй* упорядоч* расположи* 排序 排列 顺序 按照 並べ 並び替え 順に 정렬* 순서*`,
  QUIZ: `"multiple choice" "true or false" "choose the" "correct answer" "correct option" "fill in" blank blanks "which of" "answer the"
    options question questions answer answers "select the" "best answer" quiz option pregunta* respond* respuesta* pergunta* resposta*
    répond* réponse* beantwort* frage fragen antwort* domand* rispond* risposta ответ* вопрос* выбер* пропуск* 回答 问题 选择 填空
    选项 答案 以下哪 正确 答えて 質問 次のうち 選択 選んで 空欄 正しい 답하* 답변* 질문* 고르* 빈칸* 선택* 정답*`,
  PASSAGE: `passage paragraph "according to" "based on the" "the text" context document conversation transcript review
    reviews headline párrafo pasaje parágrafo trecho absatz abschnitt abschnitten textabschnitt "im text" paragraphe
    passaggio brano абзац* отрывк* фрагмент* 根据以下 以下文本 以下文章 这段 段落 给定 下文 材料 文中 对话 评论 以下の文 次の文 文章を 本文 지문* 본문* 다음글* 단락*
    문단* 기사를 리뷰* 후기* "the article" "this article" "following article" "following dialogue" "article below" 次の記事 以下の記事`,
  LOOKUP: `"what is" "what are" "what s" "who is" "who was" "who are" "when did" "when was" "where is" "where can"
    "which year" "how old" "how long" "capital of" define definition defined meaning means "mean by" "stand for"
    "tell me about" "do you know" "is it true" "what does" "what year" "who wrote" "who invented" "where did"
    "where was" "when is" "who sings" "who plays" "who played" "qué es" "qué son" "cuál es" "cuáles son" "quién es"
    "quién fue" quién cuándo dónde "qué significa" significado definición "o que" "qual é" "qual a" "quem é"
    "quem foi" quem quando onde significa "est ce" "c est" "qui est" "quelle est" "quel est" "quels sont"
    "quelles sont" quand définis définition signifie "was ist" "was sind" "wer ist" "wer war" wann "wo ist" "wo liegt"
    bedeutet bedeutung definition "cos è" "cosa è" "che cos" "cosa sono" "chi è" "chi ha" "qual è" "dove si"
    significato "что такое" "кто такой" "кто такая" "кто написал" "кто" когда где "какой год" "в каком году" означает
    значит определение 是什么 什么是 谁是 是谁 哪一年 哪个 哪些 意思 含义 定义 是否有 在哪 何时 谁写 とは 何ですか 誰 いつ どこ 意味 何という 定義 どれ 무엇 무엇이* 무슨 누구* 언제*
    어디* 뭐야 뭐예요 뭔가요 무엇인가요 뜻이* 뜻은 의미* 정의* "what was" "what were" "how tall" "how far" "how big" "how high" "how deep"
    "how does" "how do" "wie hoch" "wie heißt" "wie viele" "wie lange" "wie weit" "quelle hauteur" "comment s"
    "cuánto mide" "a qué" "quanto è alto" "quantos anos" "какая высота" "как называется" "сколько лет" 多高 多大 多远 何メートル
    高さ 높이* 얼마나 who whose "in which" "which city" "which country" "which us" "which british" "which american"
    "which english" "which former" "which actor" "what name" "what nationality" "name of the" "the name of"
    "what was the name" "how many episodes" "which team" "which film" "which band"`,
  CONVERT: `convert* celsius fahrenheit kilometers miles "into json" "to json" "as json" "into a table" "as a table" uppercase lowercase
    roman convertir convierte convertis converta umrechn* umwandel* wandle convert* conversion конверт* преобраз* переведите 转换
    换算 转化 变成 摄氏 华氏 変換 換算 직접변환 변환* 환산*`,
  GREET: `hi hello hey thanks thank thx "good morning" "good evening" "good night" "how are you" hola gracias bonjour bonsoir salut merci
    hallo danke moin "guten tag" "guten morgen" ciao grazie buongiorno olá oi obrigad* "bom dia" привет здравствуй* спасибо добрый
    你好 您好 谢谢 早上好 こんにちは こんばんは ありがとう おはよう はじめまして 안녕* 감사* 고마워*`,
  HOWTO: `"how to" "how do i" "how can i" "how do you" "how should i" "steps to" recipe recipes cook* bake tips
    "best way" guide tutorial instructions "step by step guide" receta recetas cómo "como fazer" "como posso" recette
    comment rezept wie "wie kann" "wie macht" ricetta come receita como рецепт как "как сделать" инструкц* 如何 怎么 怎样 做法
    菜谱 步骤 教程 方法 どうやって どうすれば レシピ 手順 作り方 やり方 어떻게 방법* 레시피* 만드는* 하는법 "get rid of" remove "how long should"
    "wie bekomme ich" "wie macht man" "wie entferne" "comment enlever" "comment faire" "comment retirer" "cómo quito"
    "cómo se hace" "cómo hago" "cómo puedo" "como tirar" "come si" "come faccio" "come posso" отстирать почистить
    приготовить 怎么做 怎么洗 怎么去 去除 清洗 直し方 落とし方 落とす 지워* 없애* "how does one" "what is the best way to" "where do i start"
    "for beginners" beginner setup "set up"`,
  EXPLAIN: `explain* elaborate eli5 "in simple terms" clarify understand explic* expliqu* erklär* erläuter* spieg* explain explique объясн*
    поясн* растолкуй* 解释 说明 讲解 阐述 解説 説明 教えて わかりやすく 설명* 풀어서 이해하*`,
  DESCRIBE: `describe* description "tell me" introduce introduction overview outline describ* descripción descreva
    descrição décri* beschreib* beschreibung descriv* descrivi descrizione опиши* описан* расскажи* описать 描述 介绍 简述
    介紹 紹介 述べ 소개* 묘사* 서술* 기술하* "introduce yourself"`,
  COMPARE: `compar* difference differences differ "different from" differentiate distinguish versus vs contrast
    "pros and cons" advantages disadvantages better "which is better" tradeoff tradeoffs "trade offs" similarities
    diferenci* diferença* ventaja* desventaja* vantage* différenc* avantage* inconvénient* unterschied* vergleich*
    vorteile nachteile "vor und" besser confront* differenz* vantaggi svantaggi meglio сравни* разниц* отлича* отличи*
    различи* преимуществ* недостат* лучше "плюсы и" 比较 区别 对比 优缺点 差异 異同 异同 不同 利弊 哪个更 比較 違い メリット 長所 どちらが 비교* 차이* 장단점*
    장점* 단점* 나을까* "ventajas y" "vantagens e" "pros y" "prós e" "pros and" "tradeoff" плюсы минусы`,
  WHY: `why "how come" reason reasons cause causes caused "por qué" pourquoi raison* warum wieso weshalb grund perché
    "por que" motivo* почему зачем причин* "из за" 为什么 为何 原因 缘由 なぜ どうして 理由 原因は 왜 이유* 원인* "how does"
    "что является причиной" "what caused" "main causes" explain-why causas cause-of`,
  WHATIF: `"what if" "what would" "would happen" hypothetical* suppose imagine assume assuming scenario "qué pasaría"
    supón suponga "que se passerait" supposons "was wäre" "was würde" angenommen "cosa succederebbe" supponi
    "o que aconteceria" "e se" suponha "что если" "что будет" предполож* представь* допустим 如果 假如 假设 倘若 もし 仮に だとしたら
    만약* 가정하* 만일* "que passerait" "qué ocurriría" "cosa accadrebbe" "o que seria" "was passiert" "что произойдет"
    "что произойдёт" "что было бы" "would have" "会发生什么" 会怎样 どうなり どうなる 어떻게될까 생길까`,
  PROVE: `prove proof proves theorem lemma corollary disprove "show that" contradiction induction verify demuestr* demostr* démontr*
    montrez beweis* zeige zeigen dimostr* demonstr* prove доказ* докажи* теорем* 证明 定理 証明 示せ 示しなさい 증명* 정리를 보여라`,
  SOLVE: `solve* solving solution calculate* compute* equation* integral integrate derivative differentiate "find the value" "how many"
    "how much" remainder factorial calcul* cuánt* combien résou* résol* berechn* löse lösen wieviel* "wie viel" "wie viele" wieviele quant*
    risolv* calcol* resolv* resuelv* quantos quantas реши* решить вычисл* посчита* рассчита* найти найдите сколько уравнени* 求解
    计算 解方程 多少 几个 等于 方程 求出 求值 几种 共有 一共 いくつ 何人 計算 求め 解いて 解け 何個 いくら 何円 何本 何回 何通り 合計 몇
    계산* 구하* 구해* 풀어* 얼마* 몇개*`,
  PLAN: `plan plans planning planner itinerary schedule roadmap strategy strategies strategic "action plan" timeline
    workout curriculum syllabus goals "business plan" prioriti* milestones "lesson plan" planific* planejar planeje
    plano itinerario roteiro estrateg* cronograma organiz* planifi* stratégi* emploi plan planung plane zeitplan
    strategie* reiseplan piano pianific* strategia план планир* стратег* расписани* маршрут* программу тренировок* 计划
    规划 方案 策略 安排 行程 战略 制定 攻略 课程 計画 戦略 スケジュール 旅程 プラン 日程 手順を立 계획* 전략* 일정* 로드맵* 여행코스* 스케줄* 커리큘럼* estratégia estrategia
    estratégias "study plan" "training plan" "meal plan" "workout plan" revitalization budget-plan mission`,
  JUDGE: `should opinion opinions agree disagree ethical ethics moral* argue argument arguments debate critique criticize assess judge
    justify dilemma whether philosophy philosoph* "do you think" worth fair recommend* suggestion suggest suggestions debería* recomienda*
    opina* opinión ética deveria* devo recomend* opinião éthique devrais devrait recommand* avis conseill* ethisch* sollte sollten soll
    meinung empfiehl* empfehl* dovrei dovrebbe consigli* opinione etic* мнени* согласн* этич* этик* морал* аргумент* философ* стоит
    следует рекоменд* посоветуй* советуешь 看法 观点 评价 道德 应该 伦理 哲学 是否 推荐 合理 评估 評価 意見 べき 倫理 哲学 おすすめ
    どう思 妥当 의견* 윤리* 해야* 추천* 생각해* 생각하* 옳은* 평가*`,
  DISCUSS: `discuss* analyze analyse analyzing analysing analysis implications implication impact impacts consequences
    significance examine investigate interpret interpretation evaluate evaluation influence relationship perspective*
    insights analiz* analys* análisis discut* débat* conséquenc* untersuch* bewert* diskut* auswirkung* folgen valut*
    conseguenz* impacto consecuencia* implicac* анализ* проанализ* обсуди* влияни* последств* оцени* роль 分析 讨论 探讨 论述
    影响 意义 作用 后果 考察 論じ 影響 議論 検討 意義 분석* 논의* 영향* 고찰* 논하* 결과* "role of" "the impact of" "the effects of" "effect of"
    effects affects affect влияет effet effets efectos`,
  REASON: `"step by step" reasoning "think through" "think carefully" conclude conclusion premise* deduce infer*
    syllogism logically "show your work" "explain your" "paso a paso" "étape par" "schritt für" "passo a passo"
    "passo passo" пошагов* рассужд* вывод 逐步 一步一步 推断 推论 推理过程 ステップ 段階的 推論 推測 단계별* 추론* 논증* 근거* valid invalid fallacy
    assumption assumptions hypothesis hypotheses implies imply deductive inductive predicates axiom "first order"
    counterexample counterarguments argument-map`,
  IDEAS: `ideas idea brainstorm* "come up with" names invent creative creatively unique "think of" innovative imagin*
    original ideias ideen idées idee idée nombres* ideia* einfälle invente inventa* imagina* trouve-moi proponi идеи
    идей идею вариант* назван* придума* 想法 创意 点子 主意 起名 名字 取名 头脑风暴 アイデア アイディア 案を 案出 考えて ネーミング 名前 아이디어* 이름* 떠올려* 브레인스토밍*
    "names for" "name for" "noms pour" "noms originaux" "nombres para" "nomes para" "nomi per" "namen für"
    "название для" "слоган для" "have you got ideas"`,
  ADVICE: `advice advise help helpful feel feeling worried struggling girlfriend boyfriend wife husband friend mother
    job career boss coworker interview consejo* aconsej* ayúda* ayuda* novi* conseil* aidez aide rat ratschlag* hilf
    hilfe freundin consiglio aiut* conselho* ajud* помоги* помогите мне 建议 帮我 怎么办 我的 我想 我该 相談 アドバイス 困って どうしたら 悩ん 조언*
    도와* 고민* 내가 저는 제가 roommate neighbor relationship "my boss" "my friend" "my wife" "my husband" "my boyfriend"
    "my girlfriend" "my mother" "my job" "my career" 我该怎么 我该如何 室友 闹矛盾 友人 上司 친구랑 상사와`,
  WRITE: `write writing written compose draft drafting create creating generate craft make produce author escrib*
    redact* crea creá crear elabor* rédig* rediger écri* écrivez créer crée créez schreib* verfass* erstell* entwirf
    scriv* crea creare redigi* scrivimi escrev* crie criar redija напиш* сочини* созда* состав* составь* составьте
    сгенерируй* сделай* подготов* разработай* 写 撰写 创作 写一 编写 起草 生成 编一 创建 设计 拟 拟写 制作 作一 書いて 作成 書き 作って 執筆 作る 生成して 作文して
    작성* 써줘* 써주* 쓰세요 써라 만들* 쓰고 적어줘* 생성* genera generar generare genere generiere genérame haz haga hazme faça fais
    faites mach mache 써보* 지어* 짜줘* 짜주* 出して`,
  ROLEPLAY: `"act as" pretend pretending "role play" roleplay roleplaying "you are" "you re" "imagine you"
    "imagine you re" "play the role" persona "in the style" "in character" "as if" "in the voice"
    "from the perspective" character's "actúa como" actúa "imagina que" eres "adopta el" "ponte en" "fais comme"
    agissez "tu es" "vous êtes" "adoptez le" "imaginez que" incarne* "du bist" "sie sind" "stell dir" "stellen sie"
    "versetz dich" verkörper* spiele spielen "tu sei" immagina "agisci" "assumi il" fingi finga "aja como" "você é"
    "imagine que" "assuma o" представь "ты должен" сыграй "веди себя" "ты будешь" "ты опытный" действуй
    "представь себя" "в роли" 扮演 假装 假如你是 你是一 角色扮演 你现在是 请你以 以第一 演じて なりきって あなたは ロールプレイ になった 역할* 당신은 척하* 너는 입장에서* 되어
    "you will be" "behave like" "act like" "let s play" "ты —"`,
  CONTINUE: `continue continued continuation "next chapter" "carry on" "go on" "finish the" "keep going" continúa
    continua* continue continuez weiter weiterschreib* prosegui continuar продолж* допиши* 续写 继续 接着 补充 完成 続きを 続けて 이어서*
    계속* 이어써* "complete the" "complete this" "what happens next"`,
  CODEACT: `refactor* debug* deploy* compile compil* install* uninstall configure configur* serialize deserialize
    override unittest lint commit rebase merge scrape scraper scraping authenticate downgrade migrate optimize
    refactoriz* implementa* depur* desplieg* instalar compila* programa programar débog* implément* installe*
    programmer implementier* debugg* installier* kompilier* programmier* refaktor* реализу* отлад* установи* запусти*
    скомпилир* импорт* запрограммир* рефактор* 实现 调试 部署 编译 安装 重构 配置 运行 爬虫 优化代码 実装 デバッグ デプロイ コンパイル インストール リファクタ 구현*
    디버깅* 디버그* 배포* 설치* 컴파일* 리팩토링* 리팩터링* 크롤링* import-statement автоматизируй implement implements implemented
    implementing implementar implementa`,
}
