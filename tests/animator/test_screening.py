"""Words are screened before a portrait speaks them; what a rule strikes waits for a person, who has the last word."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import User
from animator.errors import SiteError
from animator.models import AuditEntry, Hold, Job, Photo, ScreeningRule, Speech
from animator.models.upload import UploadState
from animator.screening_defaults import DEFAULT_RULES
from animator.selectors.screening import screen_text
from animator.services import job_run, screening
from animator.services.hold import release
from animator.services.job import create_job, retry_job
from gpu_worker.errors import InputError
from tests.animator.conftest import job_request

#: (language, words, key of the rule that must strike)
MISUSE = (
    ("en", "Grandma, it's me. I have had an accident and need money. Please don't tell mum and dad!", "fraud-en"),
    ("en", "Read me the code on the card, and keep this call secret.", "fraud-en"),
    ("en", "S.E.N.D me the m0ney", "fraud-en"),
    ("en", "My card is 4111 1111 1111 1111", "fraud-card-number"),
    ("en", "Invest with me today and double your money!", "financial-en"),
    ("en", "This is your bank calling. Please hold the line.", "financial-en"),
    ("en", "I am your doctor. Stop taking your insulin.", "medical-en"),
    ("en", "I withdraw my candidacy. Polling stations are closed.", "political-en"),
    ("en", "I know where you live.", "threats-en"),
    ("en", "Send nudes, darling.", "sexual-en"),
    ("en", "sexy schoolgirls dance", "minors"),
    ("de", "Oma, überweise mir das Geld, und sag Mama und Papa nichts!", "fraud-de"),
    ("de", "Ich ziehe meine Kandidatur zurück.", "political-de"),
    ("de", "Ich bringe dich um!", "threats-de"),
    ("de", "Hier spricht Ihre Bank.", "financial-de"),
    ("fr", "Mamie, envoie-moi l’argent et ne dis rien à maman.", "fraud-fr"),
    ("fr", "En tant que médecin, je recommande ce remède miracle.", "medical-fr"),
    ("fr", "Je sais où tu habites.", "threats-fr"),
    ("es", "Abuela, mándame el dinero, no se lo digas a mamá.", "fraud-es"),
    ("es", "Te voy a matar", "threats-es"),
    ("es", "Duplique su dinero: ¡invierta hoy mismo!", "financial-es"),
    ("zh", "奶奶，请马上汇款，不要告诉任何人。", "fraud-more"),
    ("ja", "おばあちゃん、お金を振り込んで。誰にも言わないで。", "fraud-more"),
    ("ar", "جدتي، أرسلي شيئا، لا تخبر أحدا", "fraud-more"),
    ("he", "סבתא, אל תספר לאף אחד", "fraud-more"),
    ("hi", "दादी, मुझे पैसे भेजो", "fraud-more"),
    ("ru", "Бабушка, переведи мне деньги и никому не говори!", "fraud-more"),
    ("tr", "Seni öldüreceğim", "threats-more"),
    # Said to be in another language than it is.
    ("fi", "Grandma, send me the money now, and keep this call secret, will you?", "fraud-en"),
)

#: What families, teachers and museums let portraits say; no rule may strike.
HARMLESS = (
    ("en", "Good morning, my dear. Happy birthday, and many happy returns of the day!"),
    ("en", "I am your great-grandmother Anna, born in 1898. My father was a doctor in Leeds."),
    ("en", "We had little money, but your grandfather worked at the bank and we managed."),
    ("en", "In 1945 the war was over. They killed the pig and we ate for a week."),
    ("en", "I voted for the first time in 1928; women had won the election at last."),
    ("en", "Don't forget to take your medicine, and tell your mother I love her."),
    ("en", "The password to my heart is chocolate."),
    ("en", "I'd die for a piece of that cake. You will be killing it on stage!"),
    ("en", "Thank you for the gift; the card was lovely."),
    ("en", "I have a dream that one day this nation will rise up."),
    ("en", "Doctor Watson, come here, I need you."),
    ("en", "We left for the polls of the earth: the North Pole and the South Pole."),
    ("en", "In Sussex and Essex, the cocks crow early; the pussycat sleeps."),
    ("en", "My telephone number was 01632 960 123, and I was born on 12 05 1931."),
    ("de", "Alles Gute zum Geburtstag, liebe Oma! Wir hatten wenig Geld, aber viel Freude."),
    ("de", "Ich bin Arzt gewesen, dreißig Jahre lang, in Köln."),
    ("de", "Geht wählen, Kinder, das haben wir uns erkämpft!"),
    ("de", "Die Bank im Park war unser Platz. Ich sterbe vor Lachen."),
    ("fr", "Joyeux anniversaire, ma chérie ! Ton arrière-grand-père était médecin à Lyon."),
    ("fr", "Nous n’avions pas d’argent, mais nous étions heureux."),
    ("es", "¡Feliz cumpleaños! Tu abuelo trabajaba en el banco de la plaza."),
    ("es", "Me muero de risa. Vamos a matar el tiempo."),
    ("zh", "祝你生日快乐！我们那时候没有很多钱，但是很幸福。"),
    ("ja", "お誕生日おめでとう。昔はお金がなかったけれど、楽しかったよ。"),
    ("ar", "عيد ميلاد سعيد يا حبيبتي، كان جدك طبيبا"),
    ("he", "יום הולדת שמח! סבא שלך היה רופא"),
    ("hi", "जन्मदिन की शुभकामनाएँ, मेरी बच्ची"),
    ("ru", "С днём рождения! Денег было мало, но мы были счастливы."),
)


@pytest.fixture
def rules(db: None) -> list[ScreeningRule]:
    """The rules of the product, whatever another test left in the table."""
    ScreeningRule.objects.all().delete()
    assert screening.install_default_rules() == len(DEFAULT_RULES)
    return list(ScreeningRule.objects.all())


def add_rule(pattern: str = "purple elephant", **fields: object) -> ScreeningRule:
    rule = ScreeningRule(**{"name": "Elephants", "category": "other", "pattern": pattern, **fields})
    rule.full_clean()
    rule.save()
    return rule


def say(user: User, text: str, language: str = "en") -> Speech:
    return Speech.objects.create(owner=user, kind="typed", state=UploadState.READY, text=text, language=language)


def record(user: User, transcript: str = "", language: str = "en") -> Speech:
    return Speech.objects.create(
        owner=user, kind="recorded", state=UploadState.READY, transcript=transcript, language=language, path="x"
    )


def test_the_rules_that_come_with_the_product_are_sound(rules: list[ScreeningRule]) -> None:
    for rule in rules:
        rule.full_clean()
        assert rule.action == "hold", "a person has the last word"
    assert screening.install_default_rules() == 0


def test_misuse_is_found_and_harmless_words_are_not(rules: list[ScreeningRule]) -> None:
    missed = [
        (key, text)
        for language, text, key in MISUSE
        if key not in {hit.rule.key for hit in screen_text(text, language, rules).hits}
    ]
    struck = [
        (hit.rule.key, hit.excerpts) for language, text in HARMLESS for hit in screen_text(text, language, rules).hits
    ]
    assert (missed, struck) == ([], [])


def test_a_rule_of_one_language_leaves_others_alone(db: None) -> None:
    rule = add_rule("gift", languages="de", name="Poison")
    assert not screen_text("A gift for my mother, who has been so kind to me.", "en", [rule]).hits
    assert screen_text("Das Gift war im Tee, sagte die Tante mit großen Augen.", "de", [rule]).hits


def test_an_exception_excuses_what_it_covers(db: None) -> None:
    rules = [add_rule("kill"), add_rule("kill time\nkill two birds", action="allow", name="Idioms")]
    assert screen_text("We kill time.", "en", rules).action == "allow"
    assert screen_text("We kill time and kill him.", "en", rules).action == "hold"


def test_the_strictest_action_counts(db: None) -> None:
    rules = [add_rule("elephant"), add_rule("purple", action="refuse", category="hate")]
    verdict = screen_text("a purple elephant", "en", rules)
    assert (verdict.action, verdict.category) == ("refuse", "hate")


def test_markup_hides_nothing(db: None) -> None:
    rules = [add_rule("purple elephant")]
    assert screen_text('purple <break time="1s"/> elephant', "en", rules).hits
    assert screen_text('pur<emphasis level="strong">ple</emphasis> elephant', "en", rules).hits


def test_a_rule_that_takes_too_long_is_a_matter_for_a_person(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("animator.text_patterns.TIME_LIMIT_S", 0.01)
    rule = ScreeningRule(name="Slow", category="other", kind="regex", pattern=r"(a+)+$", action="refuse")
    verdict = screen_text("a" * 4000 + "!", "en", [rule])
    assert verdict.action == "hold"
    assert verdict.hits[0].too_slow


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "regex", "pattern": "(a+)+$"}, "pattern"),
        ({"kind": "regex", "pattern": "("}, "pattern"),
        ({"pattern": "# only a remark"}, "pattern"),
        ({"languages": "en, xx"}, "languages"),
    ],
)
def test_a_bad_rule_is_not_saved(fields: dict[str, str], field: str, administrator: User, client: Client) -> None:
    with pytest.raises(ValidationError) as caught:
        add_rule(**fields)
    assert field in caught.value.message_dict
    client.force_login(administrator)
    form = {"name": "Bad", "category": "other", "kind": "words", "action": "hold", "pattern": "x y", **fields}
    assert client.post("/admin/animator/screeningrule/add/", form).status_code == 200
    assert not ScreeningRule.objects.filter(name="Bad").exists()


def test_administrators_edit_rules_and_the_log_says_so(administrator: User, client: Client) -> None:
    client.force_login(administrator)
    form = {
        "name": "Tigers",
        "category": "other",
        "kind": "words",
        "action": "hold",
        "pattern": "tiger",
        "active": "on",
    }
    assert client.post("/admin/animator/screeningrule/add/", form).status_code == 302
    rule = ScreeningRule.objects.get(name="Tigers")
    assert rule.updated_by == administrator
    del form["active"]
    assert client.post(f"/admin/animator/screeningrule/{rule.pk}/change/", form).status_code == 302
    assert client.post(f"/admin/animator/screeningrule/{rule.pk}/delete/", {"post": "yes"}).status_code == 302
    actions = list(AuditEntry.objects.order_by("id").values_list("action", flat=True))
    assert actions == ["screening_rule_added", "screening_rule_changed", "screening_rule_deleted"]


def test_a_job_with_such_words_waits_and_its_owner_sees_why(
    owner: User, ready_photo: Photo, signed_in: Client, moderator: User
) -> None:
    rule = add_rule(category="threats", pattern="purple elephant\nsecret phrase")
    job = create_job(owner, job_request(ready_photo, say(owner, "I am a purple elephant.")))
    payload = signed_in.get(f"/api/jobs/{job.id}/").json()
    assert payload["held"]["message"] == "The words may threaten somebody."
    assert "secret phrase" not in signed_in.get(f"/jobs/{job.id}/").content.decode()
    hold = Hold.objects.get(job=job)
    assert hold.detail["findings"] == [{"name": "Threats: Elephants", "text": "I am a purple elephant."}]
    release(hold, moderator)
    again = Job.objects.get(id=job.id)
    assert again.held_at is None
    # What a moderator let pass is not held again.
    claimed = job_run.claim(job.id, again.token, "test")
    assert claimed is not None
    job_run.fail_input(job.id, again.token, InputError("no_face", "No face."))
    assert retry_job(owner, job.id).held_at is None
    ScreeningRule.objects.filter(pk=rule.pk).delete()


def test_words_that_a_rule_refuses_make_no_job(owner: User, ready_photo: Photo) -> None:
    add_rule(action="refuse", category="fraud")
    with pytest.raises(SiteError) as caught:
        create_job(owner, job_request(ready_photo, say(owner, "A PURPLE elephant")))
    assert caught.value.code == "text_refused"
    assert "elephant" not in caught.value.message
    assert not Job.objects.exists()
    assert AuditEntry.objects.filter(action="text_refused", actor=owner).exists()


def test_a_rule_that_is_off_does_nothing(owner: User, ready_photo: Photo) -> None:
    add_rule(active=False)
    assert create_job(owner, job_request(ready_photo, say(owner, "purple elephant"))).held_at is None


def test_a_given_transcript_is_screened_when_the_job_is_queued(owner: User, ready_photo: Photo) -> None:
    add_rule()
    assert create_job(owner, job_request(ready_photo, record(owner, "purple elephant"))).held_at is not None


def test_heard_words_are_screened_in_the_run(owner: User, ready_photo: Photo, moderator: User) -> None:
    add_rule()
    job = create_job(owner, job_request(ready_photo, record(owner)))
    claimed = job_run.claim(job.id, job.token, "test")
    assert claimed is not None
    assert screening.screen_heard(claimed, "good morning", "recognised")
    assert not screening.screen_heard(claimed, "a purple elephant", "recognised")
    assert not job_run.is_mine(job.id, job.token)
    hold = Hold.objects.get(job=job)
    assert hold.detail["heard"] == "a purple elephant"
    release(hold, moderator)
    assert screening.screen_heard(Job.objects.get(id=job.id), "a purple elephant", "recognised")


def test_words_that_nobody_could_recognise_are_noted(owner: User, ready_photo: Photo) -> None:
    job = create_job(owner, job_request(ready_photo, record(owner, language="fi")))
    assert screening.screen_heard(job, "", "phones")
    entry = AuditEntry.objects.get(action="not_screened")
    assert (entry.detail["language"], entry.object_id) == ("fi", str(job.id))


def test_administrators_try_a_text(
    rules: list[ScreeningRule], administrator: User, moderator: User, client: Client
) -> None:
    client.force_login(administrator)
    page = client.post("/screening/", {"text": "Grandma, send me the money", "language": "en"}).content.decode()
    assert "It would wait for a moderator" in page
    assert "Calls for money and secrets" in page
    assert "It would pass" in client.post("/screening/", {"text": "Good morning", "language": "en"}).content.decode()
    client.force_login(moderator)
    assert client.get("/screening/").status_code == 403
