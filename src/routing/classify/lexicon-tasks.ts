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
    归纳 提炼 缩写 要約 まとめて まとめ 要点 요약* 정리해* 간추* 핵심만 لخص* özetle* samenvat* streszcz* ringkas*
    distill condensed "in one sentence" "in a sentence" "in short" "boil down" "short version" bullet-points вкратце изложи* тезис* сокращен* "основные мысли" "главную мысль" "основная мысль" выжимк*
    "en una frase" "en une phrase" "in einem satz" "in una frase" "em uma frase" "puntos clave" "points clés" "punti chiave" "pontos principais" 总结一下 总结上 大意 主要观点 中心思想 主旨 简要 一句话 一文で 要旨 かいつまんで 手短に 요지* 한줄* 한문장* 요점*`,
  REWRITE: `rewrit* rephras* paraphras* reword* proofread* polish* "correct the" "fix the grammar" grammar grammatical
    spelling punctuation typos shorten simplif* improve improved "make it" "make this" edit edited editing revise
    reformulat* reescrib* reescrev* parafras* corrig* mejora* mejorar melhor* ortograf* gramátic* gramatic* réécri*
    récri* reformul* corrigez améliore* simplifie* orthograph* grammaire umschreib* umformulier* formuliere korrigier*
    verbesser* rechtschreib* grammatik* kürze vereinfach* riscriv* corregg* miglior* semplific* перефраз* перепиш*
    исправ* переформул* отредакт* улучши* упрост* переделай* 改写 润色 修改 纠正 改成 改为 改正 语法 错别字 缩短 扩写 精简 替换 优化这段 書き換え 言い換え 添削
    修正して 直して 校正 文法 敬語 簡潔に 고쳐* 다듬* 바꿔* 교정* 맞춤법* 문법* 간결하* 존댓말* 매끄럽* "исправь ошибки" "correggi gli" "dans un style"
    höflicher kürzer shorter politer friendlier concise 短く 丁寧
    reword humanize restructure "more formal" "more professional" "sound more" "sounds more" "sound better" "check my" "correct my" "fix my" "in plain english" рерайт* корректир* скорректир* улучш* "другими словами" "своими словами" убери
    сократить переписать исправить отформатируй* сформулируй* "sin errores" "más formal" "más corto" "plus court" "plus formel" "più formale" "più breve" "mais formal" "mais curto" reescribir relis relisez 重写 通顺 换一种 语句 改正下 修饰
    換えて 書き直 言い直 整えて 自然な 고쳐줘 다시써* 수정해* 바로잡* 윤문*`,
  CLASSIFY: `classif* categori* sentiment label* labels "positive or negative" "positive negative" "which category"
    "hate speech" toxic spam sarcastic* detect entail* contradicts "is the following" clasific* clasifica sentimiento*
    classific* sentimento* klassifizier* einordn* kategorie* stimmung* classe* catégori* sentiment* classificat*
    categoria классифи* тональност* категори* отнес* 分类 分類 情感 归类 判断 感情 类别 分到 属于 分类为 标签 분류* 감정* 긍정* 부정* 카테고리* 판별* 스팸*
    détecte* déterminez erkenne rileva rilevare 检测 仇恨 содержит токсичн* "true or" "positiv oder" "positivo ou"
    "positivo o" "positif ou" "положительный или" 正面 负面 肯定的 否定的 긍정인가요
    expressed "rate this" "on a scale" "scale of" "best describes" intent "which section" "which topic" "what topic" favorable polarity stance tone-of определи* определить тематик* окрас* эмоци*
    намерени* indica indique "indique si" préd* "prédis" bestimme gib-an determina determine ordne zuordn* "den kategorien" 分辨 辨别 识别情感 态度 倾向 主题是 种类 分類して 判定 判別 ポジティブ ネガティブ 分け 감성* 구분하* 판단하* 종류로`,
  VERIFY: `"true or false" "fact check" "fact checking" verify factual factually "is it correct" "is this correct" "is this true" "is that true" "correct or incorrect" verdadero falso verdadeiro
    vrai faux vraie fausse "vérifie si" "vérifiez si" vérifi* wahr falsch richtig überprüfe prüfe überprüf* vero verifica verifique верно неверно правда правдив* ложь ложн* достоверн* проверь проверьте
    真假 对错 是否正确 正误 核实 是真是假 正确吗 对吗 真偽 正しいか 正誤 事実確認 참인지 거짓인지 맞는지 사실인지 확인해*`,
  FILL: `fill blank blanks "fill in" mask masked replace replaces substitute placeholder placeholders missing insert rellena* complet* reempla* sustituy* preench* substitu* remplis remplir remplissez
    remplace* ergänze ergänz* ersetze ersetz* fülle lücke lücken setze riempi sostitui* вставь* вставьте замени* заполни* заменить подставь* пропуск* допиши 填空 填入 填写 替换 空白 穴埋め 空欄 置き換え 埋めて
    빈칸* 채우* 바꾸* 대체*`,
  EXTRACT: `extract* keywords keyword "find all" identify identifies underlined highlight* "named entities" entities
    mentioned retrieve extrae* extraer extrai* extrahier* entnehm* identifizier* identifi* identifica* estra*
    individua извлек* извлеч* выпиши* выдели* найди* вытащ* 提取 抽取 找出 关键词 抽出 识别 列明 取り出 抜き出 キーワード 特定して 추출* 찾아* 뽑아* 골라*
    키워드* "pull all" "pull out" "replace all" anonymize maskiere
    locate "find out" "key details" "list all" "pick out" spot encuentra encontra* encontre encuéntr* finde trouve trouvez trova trovare localiza aponte помет* подчеркни отыщи отметь вычлени* 挑选 挑出 列出文 选出 指出
    探して 見つけ 選び出 골라내* 찾아내* 뽑아내*`,
  LIST: `list lists listing enumerate "name three" "name five" "name a few" bullet* "top 10" "top ten" "top five"
    "top 5" "give me a list" examples example synonym* antonym* rhym* lista listar liste listez listes elenca* elenco
    auflist* aufzähl* nenne nennen beispiel* beispiele ejemplo* exemplo* exemple* esempi* sinónim* sinônim* synonym*
    enumera* enumere cite citez перечисли* список назови* пример* приведи* синоним* антоним* 列出 列举 列表 举例 例子 同义词 反义词
    近义词 写出 给出 リスト 挙げて 列挙 例を 一覧 類義語 나열* 목록* 예시* 예를 동의어* 리스트*
    suggest "suggest some" "some examples" "list of" recommend-some "a few examples" propón sugiere sugira suggère proposez propose schlage vorschläge liste suggerisci proponi предложи предложите подбери* перечен* топ "список из"
    sugier* sugest* 推荐几 列一 几个例 几种 举出 有哪些 哪几 いくつか 例文 候補 推薦 몇가지* 추천해* 알려주* 후보*`,
  SORT: `sort alphabetical* ascending descending rank ranking "in order" order ordering arrange rearrange sortier* reihenfolge alphabetisch*
    ordena* ordene ordenar classez trie ordre ordina* ordine отсортируй* упорядоч* расположи* 排序 排列 顺序 按照 並べ 並び替え 順に 정렬* 순서*
    отранжир* ранжир* отсортиров* упорядочить "по возрастанию" "по убыванию" "из меньшего" classer "par ordre" "nach größe" "de menor" "de mayor" "in ordine" "em ordem" 从大到小 从小到大 从高到低 升序 降序 排列成 大きい順 小さい順 昇順 降順 オルダ 오름차순* 내림차순* 순위*`,
  QUIZ: `"multiple choice" "true or false" "choose the" "correct answer" "correct option" "fill in" blank blanks "which of" "answer the"
    options question questions answer answers "select the" "best answer" quiz option pregunta* respond* respuesta* pergunta* resposta*
    répond* réponse* beantwort* frage fragen antwort* domand* rispond* risposta ответ* вопрос* выбер* пропуск* 回答 问题 选择 填空
    选项 答案 以下哪 正确 答えて 質問 次のうち 選択 選んで 空欄 正しい 답하* 답변* 질문* 고르* 빈칸* 선택* 정답*`,
  PASSAGE: `passage paragraph "according to" "based on the" "the text" context document conversation transcript review
    reviews headline párrafo pasaje parágrafo trecho absatz abschnitt abschnitten textabschnitt "im text" paragraphe
    passaggio brano абзац* отрывк* фрагмент* 根据以下 以下文本 以下文章 这段 段落 给定 下文 材料 文中 对话 评论 以下の文 次の文 文章を 本文 지문* 본문* 다음글* 단락*
    문단* 기사를 리뷰* 후기* "the article" "this article" "following article" "following dialogue" "article below" 次の記事 以下の記事`,
  LOOKUP: `"what is" "what are" "what s" 
     "how long" "capital of" define definition defined meaning means "mean by" "stand for"
    "tell me about" "do you know" "is it true" "what does" 
     "qué es" "qué son" "cuál es" "cuáles son" 
     "qué significa" significado definición "o que" "qual é" "qual a" 
     significa "est ce" "c est" "quelle est" "quel est" "quels sont"
    "quelles sont" définis définition signifie "was ist" "was sind" 
    bedeutet bedeutung definition "cos è" "cosa è" "che cos" "cosa sono" "qual è" 
    significato "что такое" означает
    значит определение 是什么 什么是 哪个 哪些 意思 含义 定义 是否有 とは 何ですか 意味 何という 定義 どれ 무엇 무엇이* 무슨 
     뭐야 뭐예요 뭔가요 무엇인가요 뜻이* 뜻은 의미* 정의* "what was" "what were" 
    "how does" "how do" "wie heißt" "wie viele" "quelle hauteur" "comment s"
     "a qué" "quanto è alto" "как называется" 
     얼마나 "in which" 
     "what name" "name of the" "the name of"
     `,
  FACTOID: `who whose "who is" "who was" "who wrote" "who invented" "when did" "when was" "when is" "when were" "when does" "where is" "where was" "where did"
    "where can" "where are" "what year" "which year" "how old" "how tall" "how far" "how big" "how high" "how deep" "which city" "which country"
    "which us" "which british" "which american" "which english" "which former" "which actor" "which actress" "which singer" "which author" "which team"
    "which film" "which band" "which river" "which planet" "which king" "which president" "which company" "which animal" "what nationality" "what is the name"
    "what was the name" "what is the capital" "how many episodes" "how many people" "in what year" "in which year" "on what date" "what day" "what time" "what color"
    quién quiénes cuándo dónde "en qué año" "qué año" "cuánto mide" "qué país" "qué ciudad" quem quando onde "em que ano" "que país" "qual cidade"
    "qual país" "quantos anos" qui "qui est" "qui a" quand "où se" "où est" "où sont" "en quelle année" "quel pays" "quelle ville" "quel âge" wer wann wo "wo ist" "wo liegt" "welches land" "welche stadt"
    "in welchem jahr" "welches jahr" "wie hoch" "wie lange" "wie weit" "wie alt" "wie groß" chi "chi è" "chi ha" "chi fu" dove "in che anno" "in quale anno" "quale città" "quale paese" "quanti anni"
    кто кого кем когда где "какой год" "в каком году" "в какой стране" "в каком городе" "какая высота" "какой город" "какая страна" "сколько лет" "какого числа" 谁 谁是 是谁 谁写
    哪一年 哪年 在哪 哪里 哪儿 何时 什么时候 哪国 哪座 哪位 多高 多大 多远 多长 几月 誰 いつ どこ 何年 何メートル どの国 どの都市 何歳 何月 高さ 누구* 누가 언제* 어디* 몇년* 어느나라* 어느 높이* 몇살*`,
  CONVERT: `convert* celsius fahrenheit kilometers miles "into json" "to json" "as json" "into a table" "as a table" uppercase lowercase
    roman convertir convierte convertis converta umrechn* umwandel* wandle convert* conversion конверт* преобраз* переведите 转换
    换算 转化 变成 摄氏 华氏 変換 換算 직접변환 변환* 환산*
    сконвертир* перевод-единиц "сколько будет" дюйм* фут* фунт* градус* 英里 英尺 磅 平方米 インチ ポンド 摂氏 マイル 섭씨* 화씨* 마일* 인치* inches feet ounces pounds-to grams-to kilograms pulgadas millas zoll meilen pouces pollici polegadas milhas`,
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
    "что является причиной" "what caused" "main causes" explain-why causas cause-of
    "why do" "why does" "why is" "why are" "why did" "what makes" "what causes" "how come" "как получилось" "отчего" "из-за чего" "с чего" perchè "come mai" "à cause" "wofür" wozu 为啥 何故 のはなぜ 怎么会 怎么回事 왜냐* 어째서* 까닭*`,
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
    계산* 구하* 구해* 풀어* 얼마* 몇개*
    "how long would" "how long will" "how many ways" "what is the probability" "what is the value" "find the number" "find the sum" "find the smallest" "find the largest" "evaluate the" вычисли* определите упростите "чему равен" "чему равна"
    "чему равно" "во сколько раз" "на сколько" simplify-expression "cuánto es" "quanto é" "quanto fa" "combien font" "wie groß ist die" 算出 百分之几 多少元 多少千克 几倍 增加了百 是多少 求值 解答 何倍 何パーセント 値を求 얼마인가* 몇퍼센트* 값을`,
  PLAN: `plan plans planning planner itinerary schedule roadmap strategy strategies strategic "action plan" timeline
    workout curriculum syllabus goals "business plan" prioriti* milestones "lesson plan" planific* planejar planeje
    plano itinerario roteiro estrateg* cronograma organiz* planifi* stratégi* emploi plan planung plane zeitplan
    strategie* reiseplan piano pianific* strategia план планир* стратег* расписани* маршрут* программу тренировок* 计划
    规划 方案 策略 安排 行程 战略 制定 攻略 课程 計画 戦略 スケジュール 旅程 プラン 日程 手順を立 계획* 전략* 일정* 로드맵* 여행코스* 스케줄* 커리큘럼* estratégia estrategia
    estratégias "study plan" "training plan" "meal plan" "workout plan" revitalization budget-plan mission
    "step plan" "how to start" launch-plan gantt okr "next steps" approach-to "составь план" "план на" "программу обучения" "дорожную карту" дорожн* "с нуля" этап* plan-de "paso a paso plan" "plan d action" maßnahmenplan fahrplan 路线图 步骤计划 实施方案 日程安排 学习计划 安排表 段取り 計画表 学習計画 단계적* 일정표* 실행*`,
  JUDGE: `should opinion opinions agree disagree ethical ethics moral* argue argument arguments debate critique criticize assess judge
    justify dilemma whether philosophy philosoph* "do you think" worth fair recommend* suggestion suggest suggestions debería* recomienda*
    opina* opinión ética deveria* devo recomend* opinião éthique devrais devrait recommand* avis conseill* ethisch* sollte sollten soll
    meinung empfiehl* empfehl* dovrei dovrebbe consigli* opinione etic* мнени* согласн* этич* этик* морал* аргумент* философ* стоит
    следует рекоменд* посоветуй* советуешь 看法 观点 评价 道德 应该 伦理 哲学 是否 推荐 合理 评估 評価 意見 べき 倫理 哲学 おすすめ
    どう思 妥当 의견* 윤리* 해야* 추천* 생각해* 생각하* 옳은* 평가*
    "is it better" "is it possible" "is it ok" "is it ethical" "is it wrong" "do we" "can we" "should we" "should i" "would it be" "are we" "can a" "could a" "можно ли" "нужно ли" "стоит ли" "должен ли" "правильно ли" "имеет ли" "обязаны ли" "лучше ли" "считаешь"
    "devrait on" "faut il" "peut on" "vaut il" "est il" "sollte man" "kann man" "darf man" "ist es besser" "¿es mejor" "es mejor" "es posible" "se debe" "è meglio" "è giusto" "è possibile" "é melhor" "é possível" "vale a pena" "vale la pena" "lohnt sich" 值得 该不该 应不应该 能否 可不可以 是不是 好吗 べきか べきで 良いか でしょうか 정당한가* 좋을까* 가능할까* 옳은가* 할까요 일까요`,
  DISCUSS: `discuss* analyze analyse analyzing analysing analysis implications implication impact impacts consequences
    significance examine investigate interpret interpretation evaluate evaluation influence relationship perspective*
    insights analiz* analys* análisis discut* débat* conséquenc* untersuch* bewert* diskut* auswirkung* folgen valut*
    conseguenz* impacto consecuencia* implicac* анализ* проанализ* обсуди* влияни* последств* оцени* роль 分析 讨论 探讨 论述
    影响 意义 作用 后果 考察 論じ 影響 議論 検討 意義 분석* 논의* 영향* 고찰* 논하* 결과* "role of" "the impact of" "the effects of" "effect of"
    effects affects affect влияет effet effets efectos
    рассмотри* раскрой* охарактеризу* исследу* выяви* "дай характеристику" сущност* особенност* проблем* перспектив* значени* причинно "to what extent" "how has" "how have" "how did" "how might" "how could" "how would" evolved regulate
    "¿cómo afecta" afecta* influye* examina examine analiza reflexion* "inwiefern" "inwieweit" "dans quelle mesure" "in che modo" "de que forma" 论证 谈谈 浅谈 如何看待 剖析 阐明 なぜなら 論ぜよ について述べ どのように 어떻게생각* 논술* 어떤영향*`,
  REASON: `"step by step" reasoning "think through" "think carefully" conclude conclusion premise* deduce infer*
    syllogism logically "show your work" "explain your" "paso a paso" "étape par" "schritt für" "passo a passo"
    "passo passo" пошагов* рассужд* вывод 逐步 一步一步 推断 推论 推理过程 ステップ 段階的 推論 推測 단계별* 추론* 논증* 근거* valid invalid fallacy
    assumption assumptions hypothesis hypotheses implies imply deductive inductive predicates axiom "first order"
    counterexample counterarguments argument-map`,
  IDEAS: `ideas idea brainstorm* "come up with" names invent creative creatively unique "think of" innovative imagin*
    original ideias ideen idées idee idée nombres* ideia* einfälle invente inventa* imagina* trouve-moi proponi идеи
    идей идею вариант* назван* придума* 想法 创意 点子 主意 起名 名字 取名 头脑风暴 アイデア アイディア 案を 案出 考えて ネーミング 名前 아이디어* 이름* 떠올려* 브레인스토밍*
    "names for" "name for" "noms pour" "noms originaux" "nombres para" "nomes para" "nomi per" "namen für"
    "название для" "слоган для" "have you got ideas"
    suggestions-for ideas-for cool-names nickname nicknames username usernames "make up" proverb riddles-for "what should i name" "how about a name" propose-names "мозговой штурм" креатив* оригинальн* ник никнейм* слоган 创意的 取个 起个 网名 想几个 想出 出点子 ネタ 名付け 案を考 思いつ 작명* 별명* 참신* "lluvia de ideas" "remue-méninges" brainstorme`,
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
    faites mach mache 써보* 지어* 짜줘* 짜주* 出して
    написа* разработа* сочинит* "мне нужен текст" набросай оформи* "write me" "écris moi" "schreib mir" "escríbeme" "scrivimi" "escreva-me" 写篇 写份 写首 帮我写 编写一篇 编一段 书写 书いて 書いてみて 書け 써봐* 쓰기 만들어줘*`,
  ROLEPLAY: `"act as" pretend pretending "role play" roleplay roleplaying "you are" "you re" "imagine you"
    "imagine you re" "play the role" persona "in the style" "in character" "as if" "in the voice"
    "from the perspective" character's "actúa como" actúa "imagina que" eres "adopta el" "ponte en" "fais comme"
    agissez "tu es" "vous êtes" "adoptez le" "imaginez que" incarne* "du bist" "sie sind" "stell dir" "stellen sie"
    "versetz dich" verkörper* spiele spielen "tu sei" immagina "agisci" "assumi il" fingi finga "aja como" "você é"
    "imagine que" "assuma o" представь "ты должен" сыграй "веди себя" "ты будешь" "ты опытный" действуй
    "представь себя" "в роли" 扮演 假装 假如你是 你是一 角色扮演 你现在是 请你以 以第一 演じて なりきって あなたは ロールプレイ になった 역할* 당신은 척하* 너는 입장에서* 되어
    "you will be" "behave like" "act like" "let s play" "ты —"
    "from now on" "you will act" "you will play" "speak as" "talk like" "respond as" "stay in character" "i will be" "we are roleplaying" "теперь ты" "теперь вы" "ты выступаешь" "выступи в роли" "отвечай как" "от лица" "en tant que" "à la manière" "tu vas jouer" "ahora eres" "haz de" "du spielst" "ab jetzt bist" "ora sei" "fai finta" "agora você" "finja ser" 从现在 你将 你扮 以…身份 身份 の立場で として振る 役を 君は 今から 지금부터* 역을* 처럼말* 되어서`,
  CONTINUE: `continue continued continuation "next chapter" "carry on" "go on" "finish the" "keep going" continúa
    continua* continue continuez weiter weiterschreib* prosegui continuar продолж* допиши* 续写 继续 接着 补充 完成 続きを 続けて 이어서*
    계속* 이어써* "complete the" "complete this" "what happens next"
    extend expand "expand on" elaborate-on "finish this" "complete the story" "complete the lyrics" "complète les" "completa la" vervollständig* "setze fort" fortsetz* "расширь" "дополни" "закончи" "продли" 扩展 写下去 接下来 接龙 続き 書き足 完結 마무리* 완성*`,
  CODEACT: `refactor* debug* deploy* compile compil* install* uninstall configure configur* serialize deserialize
    override unittest lint commit rebase merge scrape scraper scraping authenticate downgrade migrate optimize
    refactoriz* implementa* depur* desplieg* instalar compila* programa programar débog* implément* installe*
    programmer implementier* debugg* installier* kompilier* programmier* refaktor* реализу* отлад* установи* запусти*
    скомпилир* импорт* запрограммир* рефактор* 实现 调试 部署 编译 安装 重构 配置 运行 爬虫 优化代码 実装 デバッグ デプロイ コンパイル インストール リファクタ 구현*
    디버깅* 디버그* 배포* 설치* 컴파일* 리팩토링* 리팩터링* 크롤링* import-statement автоматизируй implement implements implemented
    implementing implementar implementa`,
}
