/** What it is done with, and in which field: concepts of object and the words that stand for them (form: `lexicon-tasks.ts`). */
export const TOPICS: Readonly<Record<string, string>> = {
  CODELANG: `python python3 javascript js typescript ts java c++ cpp c# csharp golang rust php ruby kotlin perl
    haskell matlab lua dart sql mysql postgresql postgres sqlite mongodb html css bash powershell vba verilog vhdl
    solidity fortran cobol elixir clojure erlang delphi pascal prolog autohotkey xaml lisp scss sass awk sed openscad
    питон* пайтон* джава* паскал* パイソン 파이썬* 자바* 자바스크립트* 타입스크립트* swiftui "in swift" "in scala" "in julia" "in c"
    "in go" "using c" "assembly language" "assembly code" asm
    ассемблер* хаскел* джаваскрипт* питоне "на си" "языке си" "на c#" "на с#" "c plus" phyton winforms winapi mpi openmp qml latex-macro graphviz vhdl tcl zig nim ocaml racket scheme abap cobol`,
  CODETOOL: `react vue angular django flask fastapi nextjs svelte nodejs npm pip docker dockerfile kubernetes k8s git
    github gitlab linux ubuntu debian aws azure gcp terraform ansible nginx apache redis rabbitmq elasticsearch
    tensorflow pytorch pandas numpy keras sklearn scikit opencv unity unreal roblox android xcode flutter laravel
    wordpress jquery tailwind bootstrap webpack vite graphql api apis grpc json xml yaml html5 css3 arduino esp32 esp
    raspberry selenium playwright pytest maven gradle llvm nix pyqt qt excel vscode vim emacs jupyter cuda discord
    telegram firebase supabase prisma celery airflow hadoop dbt wsl ssh cron systemd 도커* 리액트* 깃허브* 스프링* "kafka topic"
    "apache kafka" drupal symfony composer magento shopify xgboost huggingface langchain llama tailscale jellyfin
    vsftpd "after effects" powerapps "power automate" "google sheets" appscript makefile changelog homebrew cmake gcc
    clang nextcloud proxmox vmware openai "godot engine" "express js" "apache spark" "spring boot" "rest api"
    "jest tests"`,
  CODENOUN: `code codes coding codebase program programs programming programmer function functions algorithm
    algorithms variable variables array arrays string strings loop loops compiler endpoint endpoints backend frontend
    database databases schema query queries repository repo library libraries plugin async await "async await"
    callback pointer pointers recursion recursive "unit test" "unit tests" "test case" "test cases" tests regex
    "regular expression" boolean tuple dict hashmap struct enum namespace middleware component microservice* container
    webhook thread threads mutex iterator decorator generics constructor lambda closure parser tokenizer cli stdin
    stdout bytes bitmask crud orm jwt oauth cors "linked list" "binary tree" "pull request" "stack overflow" código
    codigo función funciones clase variable* bucle arreglo programme fonction* boucle* tableau funktion funktionen
    programm programme schleife variable klasse quelltext skript datenbank* schnittstelle abfrage codice funzione
    funzioni programma classe função funções programa programação algoritm* laço banco код кода коде коду кодом
    программ* функци* скрипт* алгоритм* массив* строк* переменн* цикл* бот бота базу базы "базы данных" запрос*
    сервер* библиотек* 代码 程序 函数 编程 脚本 算法 编写一个 接口 数据库 变量 数组 字符串 循环 正则 类名 前端 后端 单元测试 递归 链表 コード プログラム 関数 スクリプト アルゴリズム 変数
    配列 文字列 クラス 正規表現 データベース メソッド テストコード 코드* 프로그램* 함수* 알고리즘* 스크립트* 변수* 배열* 문자열* 클래스* 쿼리* 데이터베이스* 정규식* 정규표현식* 메서드* 반복문*
    컴포넌트* generic "type definition" "pseudo code" pseudocode login signup authentication "code review" parameters
    parameter "visual basic" hashtags uuid "tech stack" "technology stack" handler handlers module modules version
    tupel tupla complexité komplexität complejidad "dieses skript" 代码块 这段代码 爬虫 异步 提交 分支 缓存 ログイン 非同期 処理を 依存関係 コミット ビルド
    コンポーネント 実行する 例外処理 커밋* 브랜치* 깃에서 깃허브* 비동기* 로그인* "time limit" "memory limit" "static method" "the method"
    "this method" "code block" "competitive programming" leetcode branch branches validierung validación validação
    validation validazione linter migration "add a flag" "this class" "base class" "abstract class" "class called"
    "class named" "class for" "class that" "python class" "java class" "class component" "class components"
    "web framework" "int" "npm package" "python package" subclass класса verbose "feature flag" "command line"
    "cli flag" "the flag"
    макрос* фрейм* компилятор* синтакси* репозитор* консол* переменную функцию функцию реализовать парсер* парсинг* регуляр* "язык программирования" "языке программирования" "языка программирования" "рекурсивн*" одномерн* двумерн* динамическ* указател* класс-для объект-класса 编译器 报表代码 数据结构 编程语言 源码 命令行 单链表 二叉树 用python データ構造 再帰 ソースコード 引数 戻り値 자료구조* 재귀* 소스코드* 인자로 반환하*`,
  CODEERR: `bug bugs bugfix error errors exception exceptions stacktrace traceback crash crashes crashing segfault
    "not working" "doesn t work" "does not work" "fix this" fails failing failed warning undefined nullpointer
    nullpointerexception typeerror valueerror keyerror syntaxerror deadlock leak flaky timeout stuck broken fehler
    fehlermeldung absturz "funktioniert nicht" "geht nicht" "ne marche" "ne fonctionne" erreur erreurs plante fallo
    fallos "no funciona" errores errore errori "non funziona" erro erros "não funciona" баг бага багов "не работает"
    исключени* падает вылетает 报错 错误 异常 崩溃 失败 调试 エラー バグ 例外 動かな 落ちる 오류* 에러* 버그* 예외* 안돼요 안됩니다 작동하지 "cannot find"
    "can t find module" "permission denied" "connection refused" "not found" refused ошибк* 修复 空指针 失敗します 直し方`,
  WEBUI: `website webpage "web page" webapp "web app" app application button buttons slider toolbar navbar textbox
    dropdown modal popup div flexbox responsive layout frontend ui ux chatbot bot script scripts macro spreadsheet
    chrome extension game snake tetris "sitio web" "página web" aplicación botón "site web" bouton webseite anwendung
    schaltfläche "sito web" pulsante aplicativo botão сайт* сайта приложени* кнопк* игру 网页 网站 按钮 页面 小程序 应用 网头 サイト ウェブ
    アプリ ボタン 웹사이트* 웹페이지* 버튼* 앱을 사이트* "login page" "home page" "landing page" login-page "contact form" pagination アプリを
    フォーム 登录页`,
  DEVOPS: `deployment pipeline ci cd logs log ports firewall proxy dns tcp udp http https url urls socket cluster
    cache memory cpu gpu disk kernel driver drivers bootloader partition file files folder directory terminal shell
    command commands config configuration certificate tls ssl vpn router subnet packet server's файл* папк* консол*
    терминал* 服务器 文件 目录 命令 配置文件 端口 ファイル コマンド サーバー ターミナル 서버* 파일* 명령어* 터미널* 로그* "команду терминала" командн* "a port"
    "server" "browser" "ip address"`,
  ARCH: `architecture architectur* architect scalab* "system design" infrastructure distributed throughput latency
    sharding replication monolith consistency "event driven" arquitectura* arquitetura* architekt* architettura
    архитектур* 架构 系统设计 高并发 アーキテクチャ システム設計 아키텍처* 시스템설계* 확장성* "system architecture" "high availability" trade-offs 整体架构`,
  PROB: `probability dice expected odds combinator* permutation* combinations prime primes integer integers polynomial* matrix matrices vector*
    triangle* circle* angle* angles geometry geometric algebra trigonometr* modulo divisible divisors perimeter radius diameter hypotenuse quadratic
    logarithm exponent fraction fractions decimal sum product digits digit sequence arithmetic math maths mathematical mathematics coordinate
    coordinates slope parabola sphere cube volume rectangle square coefficient* wahrscheinlich* dreieck* kreis primzahl* gleichung* summe mathe*
    probabilidad* triángul* triangul* número primo* ecuación matemátic* probabilit* nombres premiers équation* mathémat* probabilidade equação
    equazion* numeri вероятност* треугольн* матриц* многочлен* угол* окружност* площад* сумм* числ* математ* логарифм* последовательност*
    概率 三角形 矩阵 数列 整数 向量 圆 质数 面积 体积 角度 数学 函数的 几何 坐标 确率 確率 三角 素数 面積 整数を 数字 方程式 확률* 삼각형* 정수*
    소수* 행렬* 수열* 방정식* 면적* 수학* 넓이*`,
  LOGIC: `puzzle puzzles riddle riddles logic logical paradox truthful liars liar knights knaves clue clues seated sits sitting taller older younger
    acertijo* adivinanza* enigma lógic* logique énigme* devinette* rätsel logisch* indovinello enigmi charada логич* загадк* головоломк* 推理
    逻辑 谜 谜语 脑筋 逻辑题 论证 論理 なぞなぞ パズル 嘘つき 論理的 논리* 퍼즐* 수수께끼* 거짓말*`,
  WORDPROB: `apples oranges pencils cookies marbles eggs tickets dozen twice half remaining left altogether total cost costs buys bought sells
    sold spends spent earns paid price prices dollars cents per hour hours miles mph speed distance minutes weeks days pounds euros manzanas cuesta compró
    pommes coûte acheté äpfel kostet kauft gekauft comprou custa compra comprato costa яблок* рублей купил* стоит осталось километр* 元 每小时 苹果 公里
    剩下 千克 平均每 円 時間 りんご 個 買い 分速 時速 사과* 원짜리 시속* 개를 남은
    百分之 吨 千米 米的 原价 打折 折扣 一共 还剩 每人 每天 每个 少几 多几 多少个 棵树 小明 小红 小华 老师有 同学们 工程队 甲乙 两地 相遇 ケーキを 円の 人で分 一人あたり 割引 残りは 원을 할인* 남았* 한명당* "сколько стоит" скидк* поезд* навстречу землекоп*`,
  SCIENCE: `physics chemistry biology quantum molecule* atom atoms atomic electron* proton* reaction reactions enzyme*
    protein* dna rna cell cells gene genes genetic* evolution species photosynthesis velocity acceleration mass energy
    momentum gravity gravitational relativity thermodynamic* entropy wavelength frequency voltage circuit magnetic
    electric pressure temperature density acid oxidation compound equilibrium hypothesis experiment theory scientific
    scientist* neuron* brain planet* galaxy universe climate ecosystem* física química biología célula* energía fuerza
    velocidad gravedad physique chimie biologie énergie vitesse gravité physik chemie kraft geschwindigkeit quanten*
    energie velocità forza fisica chimica energia força velocidade физик* хими* биолог* молекул* атом* скорост* энерг*
    сил* масс* реакци* клетк* 物理 化学 生物 分子 原子 电子 反应 细胞 能量 速度 加速度 重力 量子 科学 実験 エネルギー 反応 細胞 科学的 量子 물리* 화학* 생물* 분자* 원자* 반응*
    세포* 에너지* 속도* 중력* 양자* 과학* "net force" "electric current" circuits isotopes isotope chemically terminal-velocity
    kinetic star chemical radiation lens laser telescope satellite spacecraft orbit`,
  HEALTH: `patient patients symptoms symptom disease diagnosis treatment doctor medical medicine drug drugs dose pain
    diabetes cancer anxiety depression therapy diet calories pregnant vitamin síntomas enfermedad médic* dieta
    symptôme* maladie* médec* symptome krankheit arzt gesundheit* malattia medic* sintom* doença saúde здоров* болезн*
    симптом* врач* диет* 症状 疾病 治疗 医生 健康 减肥 病人 医療 病気 健康 증상* 질병* 치료* 건강* 다이어트* 의사* "weight loss" "blood pressure"
    exercises`,
  LAW: `law laws legal lawyer contract contracts liability tort crime criminal rights constitution* plaintiff
    defendant regulation* policy policies government ley legal tribunal contrato loi juridique tribunal contrat
    gesetz* gericht vertrag recht legge giurid* lei direito* закон* юрид* суд* договор* прав* 法律 法院 合同 法规 政策 诉讼 法律上 契約
    裁判 憲法 법률* 계약* 법적* 소송* "supreme court"`,
  SOCIETY: `history historical war wars century revolution empire president king queen politics political election
    democracy economy economic economics inflation gdp monetary society social culture cultural religion religious
    capitalism socialism communism historia guerra sociedad económic* histoire guerre société économ* geschichte krieg
    gesellschaft wirtschaft* storia guerra società economi* história guerra sociedade истори* война войны обществ*
    экономи* полити* 历史 战争 经济 社会 文化 政治 革命 帝国 歴史 戦争 経済 政治 역사* 전쟁* 경제* 사회* 문화* 정치* "world war" causes-of`,
  ABSTRACT: `life death happiness truth reality consciousness soul universe humanity humans existence meaning purpose freedom "free will" justice equality evil god gods knowledge love fear power mysteries obligation obligations responsibility wisdom belief
    beliefs vida muerte felicidad verdad libertad justicia humanidad alma sentido vie mort bonheur vérité liberté âme humanité conscience leben tod glück wahrheit freiheit bewusstsein menschheit seele sinn vita morte felicità verità libertà
    anima umanità coscienza morte felicidade verdade liberdade alma humanidade жизнь жизни смерть смерти счасть* истин* свобод* сознани* душа души вселенн* человечеств* смысл справедливост* вера любовь 人生 死亡 生命 幸福 真理 自由 意识 灵魂 宇宙 人类 存在 正义 意义是 命运
    生きる 死ぬ 真実 意識 魂 人類 正義 愛とは 삶의 삶은 죽음* 행복* 진리* 자유* 의식* 영혼* 우주* 인류* 존재* 정의란`,
  TRIVIA: `capital country countries city cities river mountain ocean continent population movie movies film films
    actor actress singer band album song songs singer player league olympic* championship world cup oscar author
    novelist founded invented born died famous nickname tallest largest longest biggest fastest país países ciudad
    capital río película pays ville capitale fleuve land länder stadt hauptstadt fluss hauptstädte paese città
    capitale fiume país cidade capital rio filme столиц* стран* город* рек* фильм* актер* 首都 国家 城市 电影 演员 作者 最大 最长 最高
    首都は 国は 都市 映画 俳優 作者は 一番 수도* 나라* 도시* 영화* 배우* 가수* 작가는 "first person" headquarters "football team" mount everest
    "flag of" "national flag"`,
  FOOD: `food dish dishes meal meals dinner breakfast lunch ingredients sauce chicken rice pizza soup salad cake bread
    vegetarian vegan restaurant comida cena ingredientes plat plats repas ingrédients essen gericht gerichte zutaten
    kuchen cibo piatto ingredienti pranzo comida jantar блюд* еда ужин* завтрак* суп* салат* 食物 美食 早餐 晚餐 食材 菜 料理 食べ物
    夕食 食材 요리* 음식* 재료* 저녁* "pasta recipe" cocktail cocktails`,
  TRAVEL: `travel trip vacation holiday tourist hotel hotels destination* beach viaje viajar vacaciones voyage
    vacances reise urlaub reisen viaggio vacanz* viagem férias путешеств* поездк* отпуск* 旅游 旅行 景点 酒店 度假 観光 旅行に ホテル
    여행* 관광* 호텔* "places to visit"`,
  POEM: `poem poems poetry poetic haiku haikus sonnet sonnets limerick ode ballad verse verses stanza* lyrics lyric rap rhyming couplet acrostic poema* poesía
    soneto canción letra poème* chanson* sonnet gedicht* gedichte reim* lied songtext poesia filastrocca canzone sonetto canção verso* стих* поэм*
    песн* рифм* хайку 诗 诗歌 歌词 诗句 散文 对联 古诗 七言 五言 藏头 詩 俳句 歌詞 作詞 短歌 川柳 시를 시조 가사 노래* 삼행시* 하이쿠* 시한편`,
  STORY: `story stories tale tales fable fiction fictional novel novella scene scenes characters plot protagonist
    fanfic fanfiction chapter chapters narrative narrator narration screenplay episode monologue monologues fairytale
    adventure fantasy detective wizard dragon kingdom villain hero ghost princess romance horror mystery backstory
    worldbuilding dungeon cuento cuentos relato* historia* personaje* novela conte* récit nouvelle personnage* roman
    geschichte* erzähl* märchen racconto favola fiaba personagg* novela conto personagem* рассказ* истори* сказк*
    роман* сюжет* персонаж* сцен* сценари* диалог* геро* фанфик* глав* 故事 小说 情节 剧本 童话 角色 人物 寓言 主角 科幻 悬疑 武侠 物語 小説 ストーリー
    シナリオ 登場人物 童話 主人公 昔話 이야기* 소설* 시나리오* 동화* 주인공* 캐릭터* 판타지* figuren hauptfigur backstories "game master"
    "text adventure" legend legends myth
    произведени* завязк* кульминац* повест* новелл* фантастик* фэнтези эльф* дракон* маги волшебник* рыцар* приключени* "elf" druid dungeon orc quest vampire zombies sci-fi antagonist trama antagonista intrigue antagoniste handlung einhorn cuéntame "raconte moi" "erzähl mir" "conte-me" "raccontami" 传说 神话 童话故事 结局 精灵 魔法 恶龙 主人公は 魔王 勇者 異世界 드래곤* 마법* 요정* 전설*`,
  IMAGE: `image images picture pictures photo photograph painting paintings illustration drawing draw logo portrait artwork midjourney "stable diffusion" "text to image" "dall e" "digital painting" "image prompt" cinematic photorealistic wallpaper tattoo avatar dibujo dibuja imagen
    ilustración pintura imagem desenho ilustração dessin dessine dessiner peinture illustration zeichne zeichnung bild bilder gemälde immagine disegna disegno dipinto изображени* картинк* рисун* нарису* иллюстрац* портрет* логотип* 图片 图像 绘画 画一 插画 海报 画面 绘制 画像 イラスト 絵を 描いて 写真 그림* 그려* 이미지* 일러스트* 사진* prompt prompts`,
  SCRIPT: `"video script" "movie script" "youtube script" "animation script" podcast episode skit dialogue voiceover
    storyboard guion guión diálogo scénario drehbuch copione roteiro сценарий ролик* видео 脚本台词 台词 主持 相声 小品 视频 台本 脚本
    動画 대본* 스크립트를 영상* 콩트* "host script" "sketch comedy" комик`,
  BLOG: `blog blogs blogpost article articles posts tweets instagram facebook linkedin tiktok twitter youtube caption
    captions hashtag* newsletter webpage column editorial entrada artículo* publicación article billet publication
    beitrag blogbeitrag artikel articolo artigo postagem блог* стать* пост поста постов 博客 推文 小红书 文章 帖子 公众号 朋友圈 微博 ブログ
    記事 投稿 ツイート 블로그* 게시글* 게시물* 인스타* 기사* 칼럼* "a post" "blog post" "linkedin post" "facebook post" "media post"
    "instagram post" "the post"`,
  ADCOPY: `slogan slogans tagline taglines headline headlines title titles ad ads advert adverts advertis* marketing campaign campaigns "product description"
    copywrit* copywriter seo brand branding landing promo promotional commercial pitch jingle catchy persuasive eslogan anuncio* publicidad campaña
    título titre titres slogan* annonce* accroche publicité* titel überschrift* werb* slogan anzeige titolo annunci* pubblicit* slogan anúncio*
    propaganda campanha слоган* реклам* заголов* маркетинг* продающ* бренд* 文案 广告 标题 营销 宣传 标语 口号 推广 品牌 広告 キャッチコピー タイトル
    宣伝 コピー 商品紹介 광고* 홍보* 제목* 슬로건* 문구* 카피* 마케팅*`,
  EMAIL: `email emails letter letters memo resume resumes cv "cover letter" announcement invitation invitations
    apology complaint card congratulat* "thank you note" recommendation correo carta cartas invitación mensaje
    disculpa courriel lettre lettres invitation einladung nachricht bewerbung* anschreiben lettera messaggio invito
    carta mensagem convite письм* сообщени* приглашени* поздрав* открытк* резюме 邮件 信 通知 简历 贺词 祝福 请假 感谢信 邀请函 道歉 留言 申请
    メール 手紙 招待 案内状 お礼 お詫び 履歴書 이메일* 메일* 편지* 초대장* 사과문* 안내문* 축하* 자기소개서* "einen brief" "brief an" "formal letter"
    "a message" "an email" "the email" "message to" "e mail" "mail an" "eine mail" "reply to this email"
    "reply to the email" "birthday message" birthday
    refuse decline "turn down" "job offer" "reply to" "respond to this email" откаж* рекрутер* "сопроводительное письмо" сопроводительн* refusez refuse rechaza declina absage zusage rifiuta recuse 回复邮件 回信 婉拒 感谢信 辞职信 推荐信 断りの 返信 送付状 거절* 답장* 추천서*`,
  SPEECH: `speech speeches essay essays biography monologue toast eulogy thesis dissertation composition
    "personal statement" discurso* ensayo* biografía discours dissertation* essai exposé biographie reden aufsatz*
    vortrag discorso saggio biografia redação palestra речь доклад* эссе сочинени* реферат* презентац* выступлени* 演讲
    演讲稿 短文 作文 发言 致辞 报道 论文 议论文 记叙文 读后感 心得 书评 自我介绍 スピーチ エッセイ 作文 挨拶 感想文 プレゼン 연설* 에세이* 자기소개* 발표* 축사* 독후감* 논설문* "eine rede"
    "rede zum" "short bio" abschlussrede "mission statement" "presentation script"
    "term paper" "research paper" introduction-paragraph "argumentative essay" "курсовая" курсов* диплом* доклада сообщение-на "текст выступления" "вступление" заключени* речи ensaio "composición" "disertación" erörterung referat tema-scolastico 发言稿 开场白 述职 演讲词 祝词 検討文 小論文 弔辞 축하글* 기념사*`,
  HUMOR: `joke jokes funny humor humorous humour hilarious satire satirical parody pun puns comedy standup sarcastically meme chiste* gracios* humor blague*
    drôle humoristique witz* lustig* scherz barzellett* divertent* piada* engraçad* шутк* анекдот* смешн* юмор* 笑话 幽默 搞笑 段子 吐槽 冗談 ダジャレ
    面白い 笑える 漫才 농담* 유머* 웃긴* 재미있* 개그*
    witty roast absurd silly ridiculous pranks "make me laugh" "mach dich lustig" прикол* весёл* веселые смеш* абсурд* ирони* сарказм* 滑稽 讽刺 逗 ユーモア 風刺 웃기* 풍자*`,
  TONE: `tone tones words word audience engaging heartfelt vivid emotional humorous formal informal friendly
    professional persona poignant lighthearted whimsical imagery metaphor* tono estilo palabras cautivador* ton mots
    wörter wörtern stil tonfall lebendig* tono parole stile estilo palavras тон стил* слов знаков символов 字 字数 语气 风格
    字左右 不少于 生动 感人 口吻 以上 文字 字以内 口調 トーン 調で 文体 情景 글자* 분위기* 말투* 어조* 자로 자이내 스타일* "in the style of" "word count" "100 words"
    "words or" playful cheerful sarcastic`,
  DATA: `data dataset datasets csv xlsx spreadsheets column columns row rows dataframe records chart charts histogram
    visualiz* visualis* pivot datos tabla tablas encuesta daten tabelle tabellen diagramm* umfrage données tableau
    tableaux graphique* sondage dati tabella tabelle grafico sondaggio dados tabela tabelas gráfico* pesquisa таблиц*
    график* диаграмм* опрос* 数据 表格 图表 数据集 调查 问卷 データ 表 グラフ アンケート 集計 데이터* 표를 표에 표에서 그래프* 차트* 설문* 엑셀* "data set"
    "the data" "this data" "survey results" "the table" "table below" "attached table" "plot the" 表格中 данные данных
    данными датасет* выборк*`,
  METRICS: `metric metrics kpi kpis revenue revenues sales profit profits profitability margin margins growth churn
    conversion retention ctr roi roas cac ltv arpu mrr arr dau mau cohort cohorts funnel bounce traffic impressions
    quarter quarterly yoy mom q1 q2 q3 q4 fiscal fy2022 fy2021 fy2023 fy2024 fy2019 fy2018 fy2020 budget expenses
    expense inventory turnover performance ventas ingresos beneficio* margen conversión trimestre ingreso gasto*
    chiffre ventes bénéfice* marge trimestre dépenses umsatz umsätze umsatzzahlen gewinn marge quartal kennzahl*
    wachstum verkaufszahlen vendite ricavi margine fatturato trimestre spese vendas receita receitas lucro margem
    faturamento despesas продаж* выручк* прибыл* рентабельн* показател* конверси* отток* удержани* квартал* расход*
    бюджет* 销售额 利润 增长 指标 营收 市场份额 转化率 留存 复购 季度 同比 环比 流失 成本 销量 毛利 売上 利益 指標 成長率 解約率 四半期 前年比 費用 コスト 転換率 매출* 이익* 지표* 성장률*
    전환율* 이탈률* 분기* 비용* 판매량* 유지율* "average order" "order value" tickets "response time" sessions pageviews headcount
    attrition figures 坪效 人效 客单价 日活 周转
    "unit economics" "burn rate" runway gmv nps csat "win rate" "average ticket" "basket size" "sell through" "stock turn" sku skus utilization occupancy "fill rate" "on time" backlog downtime oee throughput-rate yield-rate aov "open rate" "click rate" "lead time"
    рентаб* маржинальн* "средний чек" конверсия трафик заявок лидов "доля рынка" оборачиваемост* воронк* "точка безубыточности" ticket-medio "taxa de conversão" "tasa de conversión" "taux de conversion" "tasso di conversione" konversionsrate absprungrate auslastung stornoquote fehlerquote deckungsbeitrag "panier moyen" "scontrino medio" 库存周转 渗透率 复购率 转化漏斗 点击率 成交额 访问量 毛利率 净利率 粗利 在庫 来店 離脱率 購入率 稼働率 이탈* 재고* 객단가* 방문자* 클릭률* 재구매*`,
  FORECAST: `forecast* trend trends trending projection projections seasonal seasonality anomaly anomalies spike
    spikes "over time" "year over" "month over" pronóstic* tendencia* previsión prévision* tendance* prognose*
    trendanalyse prevision* tendenz* previs* tendênc* прогноз* тренд* динамик* тенденц* 预测 趋势 走势 异常 增长率 予測 傾向 推移 異常値
    예측* 추세* 추이* 동향* 전망* "predict which" "predict the" "sales forecast" "year over year" "month over month"
    "next quarter" "next month"`,
  STATS: `average averages mean median variance correlation correlations correlat* regression distribution
    distributions distributed outlier* pvalue "p value" "confidence interval" "standard deviation" skewness kurtosis
    percentile percentiles quartile statistic* anova "t test" "chi square" percentage percent proportion ratio
    normaliz* cluster clustering vary varies uniform breakdown aggregate aggregat* grouped promedio* mediana
    desviación correlación porcentaje moyenne* écart médiane pourcentage durchschnitt* mittelwert* standardabweichung
    korrelation prozent* anteil mediana deviazione percentual* desvio correlação porcentagem средн* медиан* коррел*
    статист* дисперс* процент* доля отклонени* 平均 相关 回归 统计 方差 标准差 占比 比例 百分 均值 中位数 分布 平均値 相関 統計 中央値 割合 分布 標準偏差 回帰 평균*
    상관* 통계* 중앙값* 비율* 분포* 표준편차* 회귀* 이상치* "statistically significant" "sample size" "missing values"
    "across departments" "across different" "outlier detection" 缺失 缺失值 异常值 相关性 分群 聚类 "la media" "media y" "media e"
    "media e la" "a média" "la moyenne"`,
  REPORT: `report reports reporting dashboard dashboards insight quantitative qualitative benchmark* swot analytics
    analyst audit weekly monthly annual informe* informes reporte* tablero rapport rapports bericht* auswertung*
    auswerten werte relazione relatóri* painel отчет* отчёт* дашборд* сводк* 报告 报表 洞察 周报 月报 年报 仪表盘 レポート 報告書 報告 ダッシュボード
    週報 月次 보고서* 리포트* 대시보드* 인사이트* 주간* 월간* "key findings" 分析报告`,
  FINANCE: `"balance sheet" "cash flow" "income statement" "10 k" capex ebitda earnings assets liabilities equity
    dividend* depreciation amortization receivable* payable usd million millions billion stock stocks portfolio
    invest* investment shares shareholders valuation tax taxes acciones inversión bilanz finanz* aktie* rendite
    finanzas actions investissement finance* bilancio azioni investiment* ações балан* финанс* актив* инвест* акци*
    кредит* 资产 负债 财务 股票 投资 现金流 基金 财报 市值 利率 財務 資産 株式 投資 株価 決算 재무* 자산* 투자* 주식* 손익* 대차대조표* "interest rate"
    "interest rates" "working capital" "free cash" "gross margin" "long term debt" restructuring "bank loan" loans`,
  BUSINESS: `business company companies startup market markets marketplace customer product products industry
    competitor* competition sector employees department departments supply chain logistics stakeholder* empresa*
    negocio* mercado* producto* cliente* entreprise* marché* produit* client* concurrent* unternehmen firma markt
    produkt* kunden wettbewerb* azienda aziendale mercato prodott* clienti negócio* produto* компани* бизнес* рынок*
    рынк* товар* клиент* конкурент* 公司 企业 市场 产品 客户 行业 竞争 商业 会社 企業 市場 製品 顧客 業界 競合 회사* 기업* 시장* 제품* 고객* 업계* 경쟁사* 사업*
    "business model" "supply chain"`,
  TEACH: `teach teaching lesson lessons student students classroom teacher courses exam study studying learn learning
    homework grade enseñ* lección estudiante* aprender curso examen enseign* leçon élève* étudiant* apprendre
    unterricht* schüler* lernen prüfung kurs insegn* lezione studenti imparare aula alunos aprender урок* учени*
    студент* учител* экзамен* учить* изучи* 教学 课程 学生 教师 教案 考试 学习 老师 授業 生徒 教師 試験 勉強 学習 수업* 학생* 교사* 시험* 공부* 학습* 강의*
    "a course" "the course" "online course" "un cours"`,
  SENTENCE: `sentence sentences phrase phrases following below above text texto frase frases oración oraciones texte phrase phrases satz sätze sätzen text
    folgende folgenden testo frase frasi seguente seguenti текст* предложени* фраз* следующ* 以下 下面 句子 文本 这句话 下列 次の 以下の 文章 テキスト 文を 다음
    문장* 글을 아래* 텍스트* 구절*`,
  GIVEN: `given "based on" ensure without only include including format output input return provide dado dada dados
    usando devuelve solo étant donné utilis* uniquement gegeben nur ausgabe gib verwende dato dati usando solo forneça
    apenas retorne дан дана дано используй* только выведи* 请 给定 使用 输出 只 要求 必须 包括 与えられ 使って 出力 のみ 条件 주어진* 사용하* 출력* 조건*
    "using the" "you must" "make sure"`,
}
