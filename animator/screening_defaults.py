"""The screening rules that come with the product: modest, all of them ``hold``, so that a person has the last word.

They look for what is typical of misuse of a talking portrait: the grandchild trick, fake celebrity investments,
fabricated statements of candidates, threats, sexual content, doctors who never said it. Single common words are left
out on purpose: "bank", "doctor" or "vote" alone say nothing. Operators add what their country and language need.
"""

from __future__ import annotations

from typing import Any

_FRAUD_EN = """
send me the money
send the money now
need you to send money
wire the money
wire me the money
buy gift cards
bought the gift cards
read me the code on the card
gift card number*
i have had an accident and need money
don't tell mum and dad
don't tell anyone about this call
keep this call secret
your verification code
tell me your pin
give me your password
your account has been compromised
your account has been suspended
western union
bail money
"""
_FRAUD_DE = """
schick mir das geld
überweise mir das geld
überweise das geld
brauche dringend geld
gutscheinkarten kaufen
kauf* gutscheinkarten
sag mama und papa nichts
sag niemandem etwas davon
nenne mir deine pin
nennen sie mir ihre pin
gib mir dein passwort
ihr konto wurde gesperrt
kaution bezahlen
ein kollege holt das geld ab
"""
_FRAUD_FR = """
envoie-moi l'argent
envoie moi de l'argent
j'ai besoin d'argent tout de suite
achète des cartes cadeaux
code de la carte cadeau
ne dis rien à maman
ne le dis à personne
donne-moi ton mot de passe
donnez-moi votre code
votre compte a été bloqué
payer la caution
"""
_FRAUD_ES = """
envíame el dinero
mándame el dinero
necesito dinero urgente*
compra tarjetas de regalo
código de la tarjeta regalo
no le digas a nadie
no se lo digas a mamá
dame tu contraseña
dígame su clave
su cuenta ha sido bloqueada
pagar la fianza
"""
_INVEST_EN = """
guaranteed return*
guaranteed profit*
double your money
triple your money
risk free investment
i invested and became rich
invest with me today
join my investment platform
send bitcoin to
crypto giveaway
as your bank
this is your bank calling
calling from your bank
i am your financial adviser
i am your financial advisor
"""
_INVEST_DE = """
garantierte rendite
garantierter gewinn
verdoppel* dein geld
verdoppeln sie ihr geld
risikofreie geldanlage
hier spricht ihre bank
ich rufe von ihrer bank an
investieren sie noch heute
schicken sie bitcoin
"""
_INVEST_FR = """
rendement garanti
gains garantis
doublez votre argent
placement sans risque
ici votre banque
je suis votre conseiller financier
investissez dès aujourd'hui
"""
_INVEST_ES = """
rentabilidad garantizada
ganancias garantizadas
duplica tu dinero
duplique su dinero
inversión sin riesgo
le llamo de su banco
invierta hoy mismo
"""
_MEDICAL_EN = """
as your doctor i
i am your doctor
as a doctor i recommend
doctors don't want you to know
stop taking your medication
stop taking your insulin
stop your chemotherapy
miracle cure
cures cancer
cure for cancer
this pill cures
don't get vaccinated
vaccines cause autism
"""
_MEDICAL_DE = """
ich bin ihr arzt
ich bin ihre ärztin
als arzt empfehle ich
als ärztin empfehle ich
setzen sie ihre medikamente ab
setz deine medikamente ab
brechen sie die chemotherapie ab
wundermittel gegen
heilt krebs
lass dich nicht impfen
"""
_MEDICAL_FR = """
je suis votre médecin
en tant que médecin je recommande
arrêtez vos médicaments
arrêtez votre traitement
remède miracle
guérit le cancer
ne vous faites pas vacciner
"""
_MEDICAL_ES = """
soy su médico
como médico recomiendo
deje de tomar su medicación
deje su tratamiento
cura milagrosa
cura el cáncer
no se vacune
"""
_POLITICAL_EN = """
vote for me
vote for our party
don't vote for
do not go to the polls
the election is postponed
the election has been cancelled
polling stations are closed
i withdraw my candidacy
i am withdrawing from the race
the election was stolen
the vote was rigged
i declare war
we declare war
i approve this message
"""
_POLITICAL_DE = """
wählt mich
wählen sie mich
wählt unsere partei
wählen sie unsere partei
geht nicht wählen
gehen sie nicht zur wahl
die wahl wurde verschoben
die wahl ist verschoben
die wahl wurde gefälscht
ich ziehe meine kandidatur zurück
wir erklären den krieg
"""
_POLITICAL_FR = """
votez pour moi
votez pour notre parti
n'allez pas voter
l'élection est reportée
les élections sont reportées
l'élection a été truquée
je retire ma candidature
nous déclarons la guerre
"""
_POLITICAL_ES = """
vote por mí
voten por mí
vota a nuestro partido
no vayan a votar
las elecciones se han aplazado
hubo fraude electoral
retiro mi candidatura
declaramos la guerra
"""
_SEXUAL_EN = """
send me nudes
send nudes
i am naked
i'm naked
take off your clothes
fuck me
fuck you
suck my
blowjob*
porn
porno*
have sex with me
sex with you
touch yourself
i'm so horny
my pussy
my cock
cum on
onlyfans
"""
_SEXUAL_DE = """
schick mir nacktbilder
ich bin nackt
zieh dich aus
fick dich
fick mich
porno*
sex mit mir
sex mit dir
fass dich an
bin so geil auf
mein schwanz ist
"""
_SEXUAL_FR = """
envoie-moi des nudes
je suis nue
je suis à poil
déshabille-toi
baise-moi
porno*
coucher avec toi
suce-moi
"""
_SEXUAL_ES = """
mándame fotos desnuda
estoy desnuda
estoy desnudo
quítate la ropa
fóllame
porno*
sexo contigo
sexo conmigo
chúpame
"""
_THREATS_EN = """
i will kill you
i'll kill you
i am going to kill you
i'm going to kill you
gonna kill you
i will hurt you
i'll hurt you
i know where you live
you will die
you are going to die
i will find you and
kill yourself
i will burn your house
i'll make you pay
there is a bomb
i have planted a bomb
pay or i will
"""
_THREATS_DE = """
ich bringe dich um
ich werde dich töten
ich töte dich
ich mach dich fertig
ich weiß wo du wohnst
du wirst sterben
bring dich um
ich habe eine bombe
es gibt eine bombe
zahl oder ich
"""
_THREATS_FR = """
je vais te tuer
je te tuerai
je sais où tu habites
tu vas mourir
tu vas me le payer
suicide-toi
j'ai posé une bombe
il y a une bombe
"""
_THREATS_ES = """
te voy a matar
voy a matarte
te mataré
sé dónde vives
vas a morir
me las vas a pagar
mátate
he puesto una bomba
hay una bomba
"""
_FRAUD_MORE = """
# Italian
mandami i soldi
ho bisogno urgente di soldi
non dirlo a nessuno
compra carte regalo
# Portuguese
me manda o dinheiro
preciso de dinheiro urgente
não conta para ninguém
cartão presente
# Dutch
maak het geld over
ik heb dringend geld nodig
vertel het aan niemand
# Polish
prześlij mi pieniądze
potrzebuję pilnie pieniędzy
nie mów nikomu
# Russian
переведи мне деньги
срочно нужны деньги
никому не говори
скажите код из смс
ваш счёт заблокирован
# Ukrainian
перекажи мені гроші
терміново потрібні гроші
# Turkish
bana para gönder
acil paraya ihtiyacım var
kimseye söyleme
# Arabic
أرسل لي المال
أحتاج المال فورا
لا تخبر أحدا
رمز التحقق
# Hebrew
שלח לי כסף
אל תספר לאף אחד
# Hindi
मुझे पैसे भेजो
किसी को मत बताना
ओटीपी बताओ
# Chinese
把钱转给我
马上汇款
不要告诉任何人
告诉我验证码
您的账户已被冻结
# Japanese
お金を振り込んで
誰にも言わないで
暗証番号を教えて
# Korean
돈을 보내줘
아무한테도 말하지 마
인증번호 알려줘
"""
_THREATS_MORE = """
# Italian
ti ammazzo
ti ucciderò
so dove abiti
# Portuguese
vou te matar
sei onde você mora
# Dutch
ik maak je dood
ik weet waar je woont
# Polish
zabiję cię
wiem gdzie mieszkasz
# Russian
я тебя убью
я знаю где ты живёшь
# Ukrainian
я тебе вб'ю
# Turkish
seni öldüreceğim
nerede oturduğunu biliyorum
# Arabic
سأقتلك
أعرف أين تسكن
# Hebrew
אני אהרוג אותך
# Hindi
मैं तुम्हें मार डालूंगा
# Chinese
我要杀了你
我知道你住在哪里
# Japanese
殺してやる
お前の家を知っている
# Korean
죽여버리겠어
"""
_MINORS = """
# English
nude child*
naked child*
sexy child*
sexy schoolgirl*
sex with a child
underage girl*
underage boy*
# German
nackte kinder
sex mit kindern
# French
enfants nus
sexe avec un enfant
# Spanish
niños desnudos
sexo con niños
"""
_HATE = """
# English
gas the jews
kill all jews
kill all muslims
kill all christians
kill all the immigrants
heil hitler
white power
subhuman*
ethnic cleansing is
# German
sieg heil
juden raus
ausländer raus
deutschland den deutschen
untermensch*
# French
mort aux juifs
mort aux arabes
sale juif
sale arabe
# Spanish
muerte a los judíos
moros fuera
"""

#: (key, name, category, languages, phrases)
_WORDS = (
    ("fraud-en", "Calls for money and secrets", "fraud", "en", _FRAUD_EN),
    ("fraud-de", "Calls for money and secrets, German", "fraud", "de", _FRAUD_DE),
    ("fraud-fr", "Calls for money and secrets, French", "fraud", "fr", _FRAUD_FR),
    ("fraud-es", "Calls for money and secrets, Spanish", "fraud", "es", _FRAUD_ES),
    ("fraud-more", "Calls for money and secrets, thirteen more languages", "fraud", "", _FRAUD_MORE),
    ("financial-en", "Posing as a bank, promises of gain", "financial", "en", _INVEST_EN),
    ("financial-de", "Posing as a bank, promises of gain, German", "financial", "de", _INVEST_DE),
    ("financial-fr", "Posing as a bank, promises of gain, French", "financial", "fr", _INVEST_FR),
    ("financial-es", "Posing as a bank, promises of gain, Spanish", "financial", "es", _INVEST_ES),
    ("medical-en", "Posing as a doctor, miracle cures", "medical", "en", _MEDICAL_EN),
    ("medical-de", "Posing as a doctor, miracle cures, German", "medical", "de", _MEDICAL_DE),
    ("medical-fr", "Posing as a doctor, miracle cures, French", "medical", "fr", _MEDICAL_FR),
    ("medical-es", "Posing as a doctor, miracle cures, Spanish", "medical", "es", _MEDICAL_ES),
    ("political-en", "Statements about votes and war", "political", "en", _POLITICAL_EN),
    ("political-de", "Statements about votes and war, German", "political", "de", _POLITICAL_DE),
    ("political-fr", "Statements about votes and war, French", "political", "fr", _POLITICAL_FR),
    ("political-es", "Statements about votes and war, Spanish", "political", "es", _POLITICAL_ES),
    ("sexual-en", "Sexual words", "sexual", "en", _SEXUAL_EN),
    ("sexual-de", "Sexual words, German", "sexual", "de", _SEXUAL_DE),
    ("sexual-fr", "Sexual words, French", "sexual", "fr", _SEXUAL_FR),
    ("sexual-es", "Sexual words, Spanish", "sexual", "es", _SEXUAL_ES),
    ("threats-en", "Threats", "threats", "en", _THREATS_EN),
    ("threats-de", "Threats, German", "threats", "de", _THREATS_DE),
    ("threats-fr", "Threats, French", "threats", "fr", _THREATS_FR),
    ("threats-es", "Threats, Spanish", "threats", "es", _THREATS_ES),
    ("threats-more", "Threats, twelve more languages", "threats", "", _THREATS_MORE),
    ("minors", "Children in sexual context", "minors", "", _MINORS),
    ("hate", "Hatred of peoples and religions", "hate", "", _HATE),
)
_REGEX = (
    (
        "fraud-card-number",
        "A payment card’s or account’s number",
        "fraud",
        r"(?<![\d.])(?:\d{4}[ -]){3}\d{4}(?!\d)|\b[a-z]{2}\d{2}(?: ?\d{4}){4,6}(?: ?\d{1,3})?\b",
    ),
)

DEFAULT_RULES: tuple[dict[str, Any], ...] = (
    *(
        {
            "key": key, "name": name, "category": category, "languages": languages, "kind": "words",
            "pattern": phrases.strip(), "action": "hold", "note": "Came with PictureTalk.",
        }
        for key, name, category, languages, phrases in _WORDS
    ),
    *(
        {
            "key": key, "name": name, "category": category, "languages": "", "kind": "regex", "pattern": pattern,
            "action": "hold", "note": "Came with PictureTalk.",
        }
        for key, name, category, pattern in _REGEX
    ),
)  # fmt: skip
