"""Frequent words of the languages that share a script, written for this product: what its language model learns from.

Function words first, then everyday ones. Close languages are given the words that tell them apart.
"""

from __future__ import annotations

#: Languages written in Latin letters.
LATIN: dict[str, str] = {
    "en": "the of and to in is that it was for on are with as his they at be this have from or had by but what some "
    "we can out other were all there when up use your how said each she which their time will way about many "
    "then them would like so these her long make thing see him two has look more day could go come did my no "
    "most who over know than call first people may down side been now find any new work because here should "
    "through think where good very much our you i he not love home family hello thank happy grandmother "
    "mother father birthday children always never today remember little great night morning old years",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus "
    "er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber "
    "vor zur bis mehr durch man sein wurde sei ich du wir ihr mein dein uns euch kann schon wenn hier alle "
    "immer heute sehr gut jahr zeit leben haus mutter vater kinder guten morgen danke schön liebe großmutter "
    "weiß ja nein was wer wo warum geburtstag freund sagen gehen kommen machen wieder viel keine diese ganz "
    "jetzt weil",
    "nl": "de en van ik te dat die in een hij het niet zijn is was op aan met als voor had er maar om hem dan zou "
    "of wat mijn men dit zo door over ze zich bij ook tot je mij uit der daar haar naar heb hoe heeft hebben "
    "deze u want nog zal me zij nu ge geen omdat iets worden toch al waren veel meer doen toen moet ben "
    "zonder kan hun dus alles onder ja eens hier wie werd altijd wij jullie goed dag huis moeder vader "
    "kinderen vandaag leven bedankt liefde oma verjaardag vriend mooi heel jaar tijd komen gaan zien weten "
    "willen gelukkig",
    "af": "die en van het is in wat nie ek vir sy dit te met op was hy aan ons jy hulle my om as maar by ook sal "
    "kan moet een na haar hom uit word tot nog toe so baie daar gaan meer moenie julle wees gewees onder oor "
    "altyd nou vandag huis ma pa kinders dankie liefde ouma verjaarsdag mooi jaar tyd kom sien weet wil "
    "gelukkig goeie môre hierdie daardie niks hoe waar omdat dan jou se",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec son "
    "ou aux mais comme nous sa leur on cette ses été elle être fait deux même tout entre si ces je tu vous "
    "mon ton ma mes bien aussi sans peut très autres tous où y avait était ont avoir faire dire jour maison "
    "mère père enfants bonjour merci amour grand-mère anniversaire toujours jamais aujourd'hui vie temps "
    "année petit quand parce c'est j'ai qu'il d'un l'on n'est oui non beaucoup encore alors heureux belle "
    "nuit matin",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si "
    "sin sobre este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi "
    "porque qué sólo han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo mismo ese "
    "ahora cada vida otro después te otros casa madre padre niños hola gracias amor abuela cumpleaños siempre "
    "nunca hoy mañana buenos días noche feliz familia quiero hacer decir usted nosotros ella aquí mucho hijo "
    "señor",
    "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas foi ao ele das tem à seu "
    "sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo "
    "aos ter seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha têm numa pelos "
    "havia seja qual nós lhe casa mãe pai crianças olá obrigado amor avó aniversário sempre nunca hoje amanhã "
    "bom dia noite feliz família quero fazer dizer aqui filho senhor então coração ano anos vida tempo gente",
    "it": "di e il la che in a per un è del non si da una le con i sono della al come più ma anche dei nel lo alla "
    "gli ha delle questo se o su era ai loro dal ci mi stato quando suo tutto cui tra essere sua due molto "
    "dalla ne fu questa quello io tu noi voi dopo anni fatto così già senza poi perché tutti solo ho hanno "
    "casa madre padre bambini ciao grazie amore nonna compleanno sempre mai oggi domani buon giorno notte "
    "felice famiglia voglio fare dire qui figlio signore allora cuore anno vita tempo gente bella mio mia "
    "buongiorno dove abbiamo",
    "ro": "de și în a la cu pe un nu o că din care mai este se să pentru ce sunt al ale au fost după sau lui dar fi "
    "ca prin s-a această acest ei el eu am are îi îl iar dacă când doar foarte tot unui unei noi voi ea "
    "atunci până între casă mamă tată copii bună mulțumesc dragoste bunica ziua naștere întotdeauna niciodată "
    "astăzi mâine noapte fericit familie vreau face spune aici fiu domn inimă an ani viață timp oameni frumos "
    "meu mea unde bine așa cum",
    "ca": "de la i el que a en les els un una per amb del es no és al com més o però dels són aquest aquesta ha "
    "seva seu va ser també entre quan tot molt on hi fins des sense jo tu nosaltres vosaltres ells elles hem "
    "han tinc pot fer dir casa mare pare nens hola gràcies amor àvia aniversari sempre mai avui demà bon dia "
    "nit feliç família vull aquí fill senyor cor any anys vida temps gent bonica meu meva perquè què després "
    "l'any d'un ara totes tots",
    "sv": "och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan hon "
    "när man skulle vid än över nu sin efter också mot hade ut där vara eller mycket bara varit upp detta "
    "andra alla hur blir blev mig dig min din vad ska här år dag hem mor far barn hej tack kärlek mormor "
    "födelsedag alltid aldrig idag imorgon god natt lycklig familj vill göra säga son hjärta liv tid "
    "människor vacker mitt varför någon inga",
    "da": "og i at det er en til på som af for med de den der har ikke om et han men var jeg sig fra vi så kan hun "
    "når man skulle ved end over nu sin efter også mod havde ud hvor være eller meget kun været op dette "
    "andre alle hvordan bliver blev mig dig min din hvad skal her år dag hjem mor far børn hej tak kærlighed "
    "bedstemor fødselsdag altid aldrig idag morgen god nat lykkelig familie vil gøre sige søn hjerte liv tid "
    "mennesker smuk mit hvorfor nogen uden selv noget mellem",
    "nb": "og i det på som er en til å av for at med de den har ikke om et han men var jeg seg fra vi så kan hun "
    "når man skulle ved enn over nå sin etter også mot hadde ut hvor være eller mye bare vært opp dette andre "
    "alle hvordan blir ble meg deg min din hva skal her år dag hjem mor far barn hei takk kjærlighet bestemor "
    "bursdag alltid aldri idag morgen god natt lykkelig familie vil gjøre si sønn hjerte liv tid mennesker "
    "vakker mitt hvorfor noen uten selv noe mellom jenter gutter",
    "is": "og að í á er sem til við það var um ekki með af en fyrir þá hann því hún eru þetta ég þú þið þeir sér "
    "frá eða upp verið hafa hafði hefur svo þar verða mér mig minn mín þinn hvað hvar hvernig allir alltaf "
    "aldrei dag heima móðir faðir börn halló takk ást amma afmæli góðan daginn nótt fjölskylda vil gera segja "
    "sonur hjarta líf tími fólk falleg ár nú bara mjög þegar eftir yfir allt",
    "fi": "ja on ei se että oli hän mutta ovat kun mukaan joka hänen myös sen tai kuin jo sekä niin mitä vain olla "
    "nyt ole jos voi kuten sitä minä sinä me te he minun sinun ollut olen olet tämä nämä mikä missä miksi "
    "kaikki aina koskaan tänään huomenna koti äiti isä lapset hei kiitos rakkaus mummo isoäiti syntymäpäivä "
    "hyvää huomenta yötä onnellinen perhe haluan tehdä sanoa täällä poika sydän vuosi elämä aika ihmiset "
    "kaunis paljon hyvin kanssa vielä sitten ennen jälkeen",
    "et": "ja on ei see et oli ta aga kui ka mis oma kes siis ma sa me te nad mida nii või siin veel seda juba "
    "välja olla nagu kõik tema minu sinu meie teie oleme olen oled pole selle miks kus alati kunagi täna "
    "homme kodu ema isa lapsed tere aitäh armastus vanaema sünnipäev hommikust öö õnnelik perekond tahan teha "
    "öelda poeg süda aasta elu aeg inimesed ilus palju väga koos enne pärast üks võib mul",
    "hu": "a az és hogy nem is egy ez van volt meg de csak már ha el mint még azt én te ő mi ti ők ki kell minden "
    "ezt lesz sem mert volna vagy nagyon most jó itt ott úgy így aki ami amit ezek után alatt között nekem "
    "neked vele miért hol mindig soha ma holnap otthon anya apa gyerekek szia köszönöm szerelem nagymama "
    "születésnap reggelt éjszaka boldog család akarok csinálni mondani fiú szív év élet idő emberek szép sok "
    "lehet tudom vagyok voltam",
    "pl": "i w na z do się nie to że jest o a jak po ale od co za tak by już być był tylko dla przez czy jego ja ty "
    "my wy oni ona on jej ich mnie ciebie mam może są było była które który która gdy kiedy także bardzo "
    "jeszcze wszystko zawsze nigdy dziś dzisiaj jutro dom matka ojciec dzieci cześć dziękuję miłość babcia "
    "urodziny dzień dobry noc szczęśliwy rodzina chcę robić powiedzieć tutaj syn serce rok lat życie czas "
    "ludzie piękna dużo mój moja gdzie dlaczego przed nad pod więc sobie",
    "cs": "a v se na je že s z do o to i ve ale jako za by pro po tak jsou od jeho které který která nebo již ještě "
    "být byl byla bylo když jen já ty my vy oni ona on její jejich mě tebe mám může také velmi všechno vždy "
    "nikdy dnes zítra domov matka otec děti ahoj děkuji láska babička narozeniny dobrý den noc šťastný rodina "
    "chci dělat říct tady syn srdce rok let život čas lidé krásná hodně můj moje kde proč před nad pod proto "
    "sobě jsem jsme něco přes při tím není bude",
    "sk": "a v sa na je že s z do o to aj vo ale ako za by pre po tak sú od jeho ktoré ktorý ktorá alebo už ešte "
    "byť bol bola bolo keď len ja ty my vy oni ona on jej ich mňa teba mám môže tiež veľmi všetko vždy nikdy "
    "dnes zajtra domov matka otec deti ahoj ďakujem láska babička narodeniny dobrý deň noc šťastný rodina "
    "chcem robiť povedať tu syn srdce rok rokov život čas ľudia krásna veľa môj moja kde prečo pred nad pod "
    "preto sebe som sme niečo cez pri tým nie bude",
    "sl": "in je v se na da za so z ki pa ne s bi kot po tudi od ali iz do še to bo ga že pri biti bil bila bilo ko "
    "le jaz ti mi vi oni ona on njegov njihov mene tebe imam lahko zelo vse vedno nikoli danes jutri dom mati "
    "oče otroci živijo hvala ljubezen babica rojstni dan dober noč srečen družina hočem delati reči tukaj sin "
    "srce leto let življenje čas ljudje lepa veliko moj moja kje zakaj pred nad pod zato sebi sem smo nekaj "
    "kaj kdo kdaj",
    "hr": "i u je se na da za su s koji a ne od što kao po bi ali ili iz do još to će ga već biti bio bila bilo kad "
    "samo ja ti mi vi oni ona on njegov njihov mene tebe imam može također vrlo sve uvijek nikada danas sutra "
    "dom majka otac djeca bok hvala ljubav baka rođendan dobar dan noć sretan obitelj želim raditi reći ovdje "
    "sin srce godina život vrijeme ljudi lijepa puno moj moja gdje zašto prije nad pod zato sebi sam smo "
    "nešto tko tjedan tisuća vlak",
    "tr": "ve bir bu da de için ile çok o ne daha gibi var kadar ama olarak sonra en olan her ben sen biz siz onlar "
    "benim senin bizim mi değil ki ya hem şey zaman diye oldu olduğu ise yok kendi önce bana sana beni seni "
    "nasıl neden nerede hep hiç bugün yarın ev anne baba çocuklar merhaba teşekkür ederim aşk büyükanne doğum "
    "günü günaydın gece mutlu aile istiyorum yapmak söylemek burada oğul kalp yıl hayat insanlar güzel şimdi "
    "iyi seviyorum büyük",
    "az": "və bir bu da də üçün ilə çox o nə daha kimi var qədər amma olaraq sonra ən olan hər mən sən biz siz "
    "onlar mənim sənin bizim deyil ki ya həm şey zaman oldu isə yox öz əvvəl mənə sənə məni səni necə niyə "
    "harada həmişə heç gün sabah ev ana ata uşaqlar salam təşəkkür edirəm sevgi nənə ad günü sabahınız gecə "
    "xoşbəxt ailə istəyirəm etmək demək burada oğul ürək il həyat insanlar gözəl indi yaxşı sevirəm böyük",
    "id": "yang dan di dengan untuk dari ini itu dalam tidak ke pada akan adalah juga saya kamu anda kita kami "
    "mereka dia ada bisa sudah telah karena oleh seperti atau sebagai lebih hanya masih jadi tetapi tapi aku "
    "kalau belum banyak sangat semua setelah sebelum ketika apa siapa mengapa bagaimana selalu pernah hari "
    "besok rumah ibu ayah anak halo terima kasih cinta nenek ulang tahun selamat pagi malam bahagia keluarga "
    "mau membuat berkata sini hati hidup waktu orang indah sekarang baik bagus uang",
    "ms": "yang dan di dengan untuk dari ini itu dalam tidak ke pada akan adalah juga saya awak anda kita kami "
    "mereka dia ada boleh sudah telah kerana oleh seperti atau sebagai lebih hanya masih jadi tetapi aku "
    "kalau belum banyak sangat semua selepas sebelum apabila apa siapa mengapa bagaimana sentiasa pernah hari "
    "esok rumah ibu bapa anak helo terima kasih cinta nenek selamat pagi malam gembira keluarga mahu membuat "
    "berkata sini hati hidup masa orang cantik sekarang baik bagus wang ialah daripada kepada",
    "vi": "và của là có được cho không một trong người những với các đã này để khi đến về như từ còn cũng ra nhiều "
    "tôi bạn anh chị em ông bà chúng ta họ nó mà thì nhưng vì rất lại sẽ đang phải nếu hay hoặc sau trước ở "
    "đó đây gì ai sao luôn bao giờ hôm nay ngày mai nhà mẹ cha con xin chào cảm ơn tình yêu sinh nhật buổi "
    "sáng đêm hạnh phúc gia đình muốn làm nói trái tim năm cuộc sống thời gian đẹp tốt",
    "sw": "na ya wa kwa ni katika la za cha kuwa hii huo yake wake ambayo kama lakini au hata sana pia mimi wewe "
    "yeye sisi ninyi wao yangu yako yetu si hakuna ndiyo hapana nini nani wapi vipi siku zote kamwe leo kesho "
    "nyumba mama baba watoto habari asante upendo bibi kuzaliwa asubuhi njema usiku furaha familia nataka "
    "kufanya kusema hapa mwana moyo mwaka maisha wakati watu nzuri sasa tu bado kila baada kabla",
    "eo": "la de kaj en estas ne mi vi li ŝi ĝi ni ili al kun por sed tio ke kiu kiel kio pri pli el ankaŭ aŭ se "
    "nur tre ĉi tiu mia via lia ŝia nia ilia estis estos havas povas devas ĉar kiam kie kial ĉiam neniam "
    "hodiaŭ morgaŭ hejmo patrino patro infanoj saluton dankon amo avino naskiĝtago bonan tagon nokton feliĉa "
    "familio volas fari diri tie filo koro jaro vivo tempo homoj bela nun multe ĉiuj",
    "cy": "yn y i a o ar yr mae ei am wedi gan ac ond oedd fod ni eu bod hyn hwn hi fe ef chi ti fi nhw fy dy ein "
    "eich roedd wrth mewn at hefyd nid dim iawn pan lle pam sut beth pwy bob amser byth heddiw yfory cartref "
    "mam tad plant helo diolch cariad nain mam-gu pen-blwydd bore da nos hapus teulu eisiau gwneud dweud yma "
    "mab calon blwyddyn bywyd pobl hardd nawr llawer cymru",
    "ga": "an agus na a i ar is le go tá do ní sé sí ag ó as bhí seo sin mé tú muid sibh siad mo ár bhur nach ach "
    "chun faoi mar nuair cad cé cá conas gcónaí riamh inniu amárach baile máthair athair páistí dia duit "
    "raibh maith agat grá mamó lá breithe maidin oíche sona teaghlach ba mhaith liom déanamh rá anseo mac "
    "croí bliain saol am daoine álainn anois an-mhaith freisin éireann",
    "eu": "eta da ez bat du izan dira zen bere ere hori baina egin dute den behar zuen horrek hau gure nire zure "
    "haren ni zu hura gu zuek haiek dago nola non zer nor zergatik beti inoiz gaur bihar etxe ama aita "
    "haurrak kaixo eskerrik asko maitasun amona urtebetetze egun on gabon zoriontsu familia nahi esan hemen "
    "seme bihotz urte bizitza denbora jende eder orain oso ondo dut naiz gara dugu",
    "sq": "e të në dhe i për me një nga që si është më u por do kjo ky ka ishte nuk ai ajo ne ju ata unë ti im yt "
    "ynë këtë janë kanë mund duhet kur ku pse çfarë kush gjithmonë kurrë sot nesër shtëpi nënë baba fëmijë "
    "përshëndetje faleminderit dashuri gjyshe ditëlindje mirëmëngjes natë lumtur familje dua bëj them këtu "
    "bir zemër vit jetë kohë njerëz bukur tani shumë mirë edhe",
    "lt": "ir į kad yra su iš bet kaip tai apie ne per po jis ji jie aš tu mes jūs mano tavo savo buvo būti arba "
    "dar jau tik labai visi viskas kai kur kodėl kas visada niekada šiandien rytoj namai motina tėvas vaikai "
    "labas ačiū meilė močiutė gimtadienis laba diena naktis laimingas šeima noriu daryti sakyti čia sūnus "
    "širdis metai gyvenimas laikas žmonės gražus dabar daug gerai nuo už prie",
    "lv": "un ir ka no ar uz par bet kā tas ne pie pēc viņš viņa viņi es tu mēs jūs mans tavs savs bija būt vai vēl "
    "jau tikai ļoti visi viss kad kur kāpēc kas vienmēr nekad šodien rīt mājas māte tēvs bērni sveiki paldies "
    "mīlestība vecmāmiņa dzimšanas diena labdien nakts laimīgs ģimene gribu darīt teikt šeit dēls sirds gads "
    "dzīve laiks cilvēki skaists tagad daudz labi līdz pirms",
    "mt": "il u ta li ma fil għal huwa hija kien dan din minn biex jew imma fuq kif meta jekk aħna intom huma jien "
    "int tiegħi tiegħek tagħna kienet ikun għandu kollha ħafna biss dejjem qatt illum għada dar omm missier "
    "tfal bonġu grazzi mħabba nanna għeluq snin lejl kuntent familja irrid nagħmel ngħid hawn iben qalb sena "
    "ħajja żmien nies sabiħ issa tajjeb",
}

#: Languages written in Cyrillic letters.
CYRILLIC: dict[str, str] = {
    "ru": "и в не на я быть он с что а по это она этот к но они мы весь который из у то за свой что-то год от так о "
    "для ты же все тот мочь вы человек такой его сказать только или ещё бы себя один как уже до время если "
    "сам когда другой вот говорить наш мой знать стать при чтобы дело жизнь кто первый очень два день её "
    "новый рука даже во со раз где там под можно ну какой после их был была были мама папа бабушка дети "
    "привет спасибо любовь сегодня завтра",
    "uk": "і в не на я бути він з що а по це вона цей до але вони ми весь який із у то за свій рік від так про для "
    "ти ж усі той могти ви людина такий його сказати тільки або ще б себе один як вже час якщо сам коли інший "
    "ось говорити наш мій знати стати при щоб справа життя хто перший дуже два день її новий рука навіть раз "
    "де там під можна після їх був була були мама тато бабуся діти привіт дякую любов сьогодні завтра їй є",
    "be": "і ў не на я быць ён з што а па гэта яна гэты да але яны мы увесь які у то за свой год ад так пра для ты "
    "ж усе той магчы вы чалавек такі яго сказаць толькі або яшчэ б сябе адзін як ужо час калі сам іншы вось "
    "гаварыць наш мой ведаць стаць пры каб справа жыццё хто першы вельмі два дзень яе новы рука нават раз дзе "
    "там пад можна пасля іх быў была былі мама тата бабуля дзеці прывітанне дзякуй любоў сёння заўтра",
    "bg": "и в не на аз съм той с че а по това тя този към но те ние целия който от у за свой година така ти же "
    "всички може вие човек такъв му каже само или още би себе си един как вече до време ако сам когато друг "
    "ето говоря наш мой знам стане при да дело живот кой първи много два ден я нов ръка дори път къде там под "
    "след ги беше бяха майка баща баба деца здравей благодаря любов днес утре ще се са какво",
    "sr": "и у је се на да за су с који а не од што као по би али или из до још то ће га већ бити био била било кад "
    "само ја ти ми ви они она он његов њихов мене тебе имам може такође врло све увек никада данас сутра дом "
    "мајка отац деца здраво хвала љубав бака рођендан добар дан ноћ срећан породица желим радити рећи овде "
    "син срце година живот време људи лепа пуно мој моја где зашто пре сам смо нешто ко",
    "mk": "и во е се на да за со кој а не од што како по би но или из до уште тоа ќе го веќе бил била било кога "
    "само јас ти ние вие тие таа тој негов нивен мене тебе имам може исто многу сѐ секогаш никогаш денес утре "
    "дом мајка татко деца здраво благодарам љубов баба роденден добар ден ноќ среќен семејство сакам работам "
    "кажам овде син срце година живот време луѓе убава мој моја каде зошто пред сум сме нешто",
    "kk": "және бір бұл да де үшін мен өте ол не осы бар бірақ болып кейін ең болған әр сен біз сіз олар менің "
    "сенің біздің емес ғана қалай неге қайда әрқашан ешқашан бүгін ертең үй ана әке балалар сәлем рахмет "
    "махаббат әже туған күн қайырлы таң түн бақытты отбасы қалаймын істеу айту мұнда ұл жүрек жыл өмір уақыт "
    "адамдар әдемі қазір жақсы",
    "ky": "жана бир бул да үчүн менен абдан ал эмне ушул бар бирок болуп кийин эң болгон ар сен биз сиз алар менин "
    "сенин биздин эмес гана кандай эмнеге кайда дайыма эч качан бүгүн эртең үй эне ата балдар салам рахмат "
    "сүйүү чоң туулган күн кутман таң түн бактылуу үй-бүлө каалайм кылуу айтуу жерде уул жүрөк жыл өмүр "
    "убакыт адамдар сулуу азыр жакшы",
    "tt": "һәм бер бу да дә өчен белән бик ул ни шул бар ләкин булып соң иң булган һәр мин син без сез алар минем "
    "синең безнең түгел генә ничек нигә кайда һәрвакыт беркайчан бүген иртәгә өй ана ата балалар сәлам рәхмәт "
    "мәхәббәт әби туган көн хәерле иртә төн бәхетле гаилә телим эшләү әйтү монда йөрәк ел тормыш вакыт "
    "кешеләр матур хәзер яхшы",
}

#: Languages written in Arabic letters.
ARABIC: dict[str, str] = {
    "ar": "في من على إلى أن هذا هذه التي الذي ما لا عن كان كانت مع هو هي أو كل بعد قبل بين قد لم لن إن أنا أنت نحن "
    "هم لكن حتى عند ذلك يكون اليوم غدا بيت أم أب أطفال مرحبا شكرا حب جدتي عيد ميلاد صباح الخير ليلة سعيد "
    "عائلة أريد هنا ابن قلب سنة حياة وقت ناس جميلة الآن جدا كثير أيضا كيف لماذا أين متى",
    "fa": "در به از که این را با است برای آن یک خود تا کرد بر هم نیز گفت می‌شود وی شد دارد ما اما یا شده باید هر "
    "آنها بود او دیگر دو مورد می‌کند شود کند وجود بین پیش پس اگر همه صورت یکی هستند بی من تو شما ایشان چه چرا "
    "کجا کی همیشه هرگز امروز فردا خانه مادر پدر بچه‌ها سلام ممنون عشق مادربزرگ تولد صبح بخیر شب خوشحال "
    "خانواده می‌خواهم اینجا پسر قلب سال زندگی زمان مردم زیبا اکنون خیلی خوب هست نیست",
    "ur": "کے میں کی ہے اور سے کا کو اس کہ نے پر ہیں یہ وہ بھی ایک تھا کر ہو نہیں جو گیا تو کیا ان تھے تھی ہوئے لیے "
    "ساتھ اپنے بعد ہی کچھ تک میرے تم آپ ہم مجھے کیوں کہاں کب ہمیشہ کبھی آج کل گھر ماں باپ بچے شکریہ محبت دادی "
    "سالگرہ صبح بخیر رات خوش خاندان چاہتا یہاں بیٹا دل سال زندگی وقت لوگ خوبصورت اب بہت اچھا",
    "sd": "۾ جي جو آهي ۽ کي کان ته هن نه تي اهو اهي هو به هڪ ٿو ڪري ٿي جنهن ان سان پنهنجي لاءِ مان توهان اسان هنن "
    "ڇا ڇو ڪٿي هميشه اڄ سڀاڻي گهر ماءُ پيءُ ٻار مهرباني محبت ڏاڏي رات خوش خاندان هتي پٽ دل سال زندگي وقت "
    "ماڻهو سهڻي هاڻي تمام سٺو",
    "ug": "ۋە بىر بۇ ئۈچۈن بىلەن ئۇ نېمە بار لېكىن كېيىن ئەڭ ھەر مەن سەن بىز سىز ئۇلار مېنىڭ سېنىڭ بىزنىڭ ئەمەس "
    "پەقەت قانداق نېمىشقا قەيەردە ھەمىشە بۈگۈن ئەتە ئۆي ئانا ئاتا بالىلار ياخشىمۇسىز رەھمەت مۇھەببەت كېچە "
    "خۇشال ئائىلە يەردە ئوغۇل يۈرەك يىل ھايات ۋاقىت كىشىلەر چىرايلىق ھازىر ياخشى",
}

#: Languages written in Devanagari.
DEVANAGARI: dict[str, str] = {
    "hi": "के में की है और से का को इस कि ने पर हैं यह वह भी एक था कर हो नहीं जो गया तो क्या उन थे थी हुए लिए साथ "
    "अपने बाद ही कुछ तक मेरे तुम आप हम मैं मुझे क्यों कहाँ कब हमेशा कभी आज कल घर माँ पिता बच्चे नमस्ते "
    "धन्यवाद प्यार दादी जन्मदिन सुबह रात खुश परिवार चाहता यहाँ बेटा दिल साल जीवन समय लोग सुंदर अब बहुत अच्छा",
    "mr": "आणि आहे या च्या ते तो ती हे मी तू आम्ही तुम्ही त्या होते होता होती नाही मध्ये साठी पण एक की जे काय का "
    "कुठे केव्हा नेहमी कधीही आज उद्या घर आई वडील मुले नमस्कार धन्यवाद प्रेम आजी वाढदिवस सकाळ रात्र आनंदी "
    "कुटुंब पाहिजे येथे मुलगा हृदय वर्ष जीवन वेळ लोक सुंदर आता खूप चांगले माझे तुझे आमचे आहेत केले आपल्या "
    "त्यांनी",
    "ne": "र छ को मा यो त्यो ले लाई पनि हो एक थियो गर्न भएको नै छन् म तिमी तपाईं हामी उनी उनको मेरो तिम्रो हाम्रो "
    "छैन के किन कहाँ कहिले सधैं कहिल्यै आज भोलि घर आमा बुबा बच्चाहरू नमस्ते धन्यवाद माया हजुरआमा जन्मदिन "
    "बिहान रात खुसी परिवार चाहन्छु यहाँ छोरा मुटु वर्ष जीवन समय मानिसहरू सुन्दर अहिले धेरै राम्रो तर गरेको "
    "भन्ने",
}

#: Frequent endings of words, which tell languages apart where a text has few of their frequent words.
ENDINGS: dict[str, str] = {
    "en": "ing ed tion ly ness ment er est ful less able ight ough ould ies ive ous ry ck th sh ry's n't",
    "de": "en ung heit keit lich isch ieren iert chen lein schaft ige tung st te ten ßen ück äuft nden ern eln tz ert",
    "nl": "en ing heid lijk tje jes eren eerde iek schap baar ijk oor oon aat uis cht aan eel isch den aal ijn oe aak",
    "af": "ing heid lik tjie eer eerde skap baar yk oor aat uis g aan eel isch ies êre ke ne ge tap eek oe sie sel "
    "stap",
    "fr": "tion ment eur euse ique ité ais ait aient ons ez er ir eux elle ette age ance ence ée ées eau eaux ois ière",
    "es": "ción mente dad ando iendo aba aban aron ado ido ar er ir amos emos ería oso osa ito ita ías ía ón ñ ez "
    "aje io",
    "pt": "ção ções mente dade ando endo ava avam aram ado ido ar er ir amos emos oso osa inho inha ões ão eira "
    "eiro ém am lh nh ível agem ámos",
    "it": "zione mente tà ando endo ava avano arono ato uto ito are ere ire iamo ete oso osa ino ina etto etta gli "
    "cchi zz io aio ogi ari ura ezza iera aggio esse ò ù chio",
    "ro": "ție ții mente tate ând ind au ară at ut it are ere ire ăm eți os oasă uri ului ilor ele ească ește ii ul "
    "ua ea ță iu âi ăi între dea chi",
    "ca": "ció ment tat ant ent ava aven aren at ut it ar er ir em eu ós osa et eta ny ll ix aig atge anys tx ia "
    "esa ora és ies ès abans rr ges",
    "sv": "ar er or en et na rna ade te tt ning het lig ligt isk ande ende skap are ast sk ck ång öra änder öjd ån gde",
    "da": "er en et ne erne ede te t ning hed lig ligt isk ende skab ere est sk ng øre ænder tid øj ud lse rede vlt "
    "gder",
    "nb": "er en et ne ene ede te t ning het lig lige isk ende skap ere est sk ng øre a ket ei sjon tte kke ssa "
    "ette nner ynner egn øy eide ud",
    "is": "ur ir ar inn ið um ana anna aði uðu st leg lega ing ingur skap andi ður ttum áður ngið ðum nna nni fur",
    "fi": "ssa ssä sta stä lla llä lta ltä lle ksi na nä ta tä mme tte vat vät in een iin isi nut nyt minen inen "
    "uus yys kaan kään ko kö nsa nsä ansa ella ää öö kunnes ivat oi ui ikka",
    "et": "s st sse l lt le ks ga ta ma da nud tud sime site vad es is ine lik us uses ja de te id ni aks sin asin "
    "õu ää öö ld",
    "hu": "nak nek ban ben ból ből hoz hez höz val vel tól től ra re ság ség unk ünk tok tek ok ek ök ni ott ett "
    "ött ért ul ül ás és ik ják jük tam tem ván ját ódik gyok szik ály",
    "pl": "ość ości anie enie ować ował ała ało ali iem ego emu ych ymi ach ami ów ski ska skie ąc ę ą ły cie szy "
    "cz rz iał śmy ście łem łam nia dzieć ieć eń wa niej aż",
    "cs": "ost ání ení ovat oval ala alo ali eme ete ého ému ých ými ách ami ů ský ská ské ouc í ý ou ěl ět jsme "
    "čka ší ře něj oun áv iště ěk ěj ec no",
    "sk": "osť anie enie ovať oval ala alo ali eme ete ého ému ých ými ách ami ov ský ská ské úc í ý ou iel ieť sme "
    "čka ší iť ať ňa ôj ľ dĺ iac ko ec no",
    "sl": "ost anje enje ovati oval ala alo ali emo ete ega emu ih imi ah ami ov ski ska ske oč i mo va ta ljal jo "
    "šč nil ril ec čeraj ko šel ljati nost jal jen smo lja išče ure",
    "hr": "ost anje enje ovati ovao ala alo ali emo ete oga omu ih ima ama ova ski ska ske ući o ao io jeti ije čki "
    "nje nja ljao ljati eći ših ara acija ivao nuti",
    "tr": "lar ler dan den da de ın in un ün ı i yor iyor dık dik duk dük mak mek lık lik cı ci sız siz ken ca ce "
    "rdi ardı erdi mış miş acak ecek ydu madan yı yi ğı ğu ırdı",
    "az": "lar lər dan dən da də ın in un ün nı ni ır ir dıq dik duq maq mək lıq lik çı çi sız siz kən ca cə irdi "
    "ardı mış miş acaq əcək ydu madan yı yi ğı ğu ırdı mədən əli",
    "id": "kan an nya lah ber me mem men meng per ter ke di pun kah bisa cuma kemarin bahwa maupun karena ketika "
    "mobil kantor sepeda gampang jelek agak uang kereta",
    "ms": "kan an nya lah ber me mem men meng per ter ke di pun kah boleh cuma semalam bahawa kerana apabila kereta "
    "pejabat basikal mudah agak wang jikalau",
    "vi": "ng nh ch t n m p c ơi ưới ười ông ường ước ày ều ến ọc ồng ửa ổ ưa ội ữa ại áo ốn ấy",
    "sw": "wa ia isha ana ika eza wangu angu enu ao ni tuli ali wali nili ata tuta hu ji ki vi mi ku mwa nya ndo "
    "mba nga kwenda kula enea unya tembea zi",
    "eo": "as is os us u i o oj on ojn a aj an ajn e en inta anta ita ata eco isto ejo ilo ujo iĝi igi ĝ ŝ ĉ ŭ",
    "cy": "au ion iau wyr ydd aeth wyd on ais odd io ol us wr dd ll ff ch ŷ ŵ wyn edd iad wch ewn wy ach isio nau "
    "awd ir fa",
    "ga": "adh igh ach acht tear aim ann ais íonn fidh óg ín aí éad eacht úil amar igí óir imid bh mh dh gh fh ch "
    "eann oill uair",
    "eu": "ak ek aren ean tik tzen tzea ko go ra etan ekin ik rik tasun keta ari tu ten zuen zen ginen dugu diot "
    "garri txo ok antz ute baino arte arekin itz",
    "sq": "in it ja ën et ve sh në im shëm ues ohet uar eve ura ime hej ojë onte oi ëve ës ar ur isht ave ërr qysh",
    "lt": "as is us ys ai iai ų ės os ė ą ę į ti ėti oti uoti avo ėjo ome ame ėme oje yje uje uose ams ais imas "
    "umas tė ydamas tum žų čio ius alį ėl",
    "lv": "s is us ā ē ī ū as es ai iem ām ot ēt āt īt ija āja ēja sim siet šana ums iski am ās ēs ķis ņ ļ ļi šu žu "
    "ņus īts tot sts kst šķ gs upe",
    "mt": "na nja ija ijiet ajt at et a u ħ għ ċ ġ ż iet ien iha hom kom ni ek ok ejn aħ oħ ux x tul aj axx bl fl "
    "mill tal bil fil kemm ura ieħ aq iq",
}
