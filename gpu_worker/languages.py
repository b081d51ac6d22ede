"""The languages and voices the engine offers, by name. Light: the site imports it, and it imports nothing heavy.

A language's ``code`` is a BCP 47 tag in lower case; ``voice`` is the file of espeak-ng that speaks it. The names are
in English and in the language itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from gpu_worker.errors import InputError


@dataclass(frozen=True)
class Language:
    """One language of the list. ``rtl``: written from right to left."""

    code: str
    name: str
    native: str
    voice: str
    rtl: bool = False


@dataclass(frozen=True)
class Voice:
    """A way of speaking that works in every language: ``variant`` is espeak-ng's name of it, "" for its own."""

    code: str
    name: str
    variant: str


LANGUAGES: tuple[Language, ...] = (
    Language("en", "English (American)", "English (American)", "en-US"),
    Language("en-gb", "English (British)", "English (British)", "en"),
    Language("en-gb-scotland", "English (Scottish)", "English (Scottish)", "en-GB-scotland"),
    Language("af", "Afrikaans", "Afrikaans", "af"),
    Language("sq", "Albanian", "Shqip", "sq"),
    Language("am", "Amharic", "አማርኛ", "am"),
    Language("ar", "Arabic", "العربية", "ar", rtl=True),
    Language("hy", "Armenian", "Հայերեն", "hy"),
    Language("as", "Assamese", "অসমীয়া", "as"),
    Language("az", "Azerbaijani", "Azərbaycanca", "az"),
    Language("eu", "Basque", "Euskara", "eu"),
    Language("be", "Belarusian", "Беларуская", "be"),
    Language("bn", "Bengali", "বাংলা", "bn"),
    Language("bs", "Bosnian", "Bosanski", "bs"),
    Language("bg", "Bulgarian", "Български", "bg"),
    Language("my", "Burmese", "မြန်မာ", "my"),
    Language("ca", "Catalan", "Català", "ca"),
    Language("yue", "Chinese (Cantonese)", "粵語", "yue"),
    Language("zh", "Chinese (Mandarin)", "普通话", "cmn"),
    Language("hr", "Croatian", "Hrvatski", "hr"),
    Language("cs", "Czech", "Čeština", "cs"),
    Language("da", "Danish", "Dansk", "da"),
    Language("nl", "Dutch", "Nederlands", "nl"),
    Language("eo", "Esperanto", "Esperanto", "eo"),
    Language("et", "Estonian", "Eesti", "et"),
    Language("fi", "Finnish", "Suomi", "fi"),
    Language("fr", "French", "Français", "fr"),
    Language("ka", "Georgian", "ქართული", "ka"),
    Language("de", "German", "Deutsch", "de"),
    Language("el", "Greek", "Ελληνικά", "el"),
    Language("gu", "Gujarati", "ગુજરાતી", "gu"),
    Language("ht", "Haitian Creole", "Kreyòl ayisyen", "ht"),
    Language("haw", "Hawaiian", "ʻŌlelo Hawaiʻi", "haw"),
    Language("he", "Hebrew", "עברית", "he", rtl=True),
    Language("hi", "Hindi", "हिन्दी", "hi"),
    Language("hu", "Hungarian", "Magyar", "hu"),
    Language("is", "Icelandic", "Íslenska", "is"),
    Language("id", "Indonesian", "Bahasa Indonesia", "id"),
    Language("ga", "Irish", "Gaeilge", "ga"),
    Language("it", "Italian", "Italiano", "it"),
    Language("ja", "Japanese (kana)", "日本語(かな)", "ja"),
    Language("kn", "Kannada", "ಕನ್ನಡ", "kn"),
    Language("kk", "Kazakh", "Қазақша", "kk"),
    Language("ko", "Korean", "한국어", "ko"),
    Language("ku", "Kurdish", "Kurdî", "ku"),
    Language("ky", "Kyrgyz", "Кыргызча", "ky"),
    Language("la", "Latin", "Latina", "la"),
    Language("lv", "Latvian", "Latviešu", "lv"),
    Language("lt", "Lithuanian", "Lietuvių", "lt"),
    Language("lb", "Luxembourgish", "Lëtzebuergesch", "lb"),
    Language("mk", "Macedonian", "Македонски", "mk"),
    Language("ms", "Malay", "Bahasa Melayu", "ms"),
    Language("ml", "Malayalam", "മലയാളം", "ml"),
    Language("mt", "Maltese", "Malti", "mt"),
    Language("mi", "Māori", "Te reo Māori", "mi"),
    Language("mr", "Marathi", "मराठी", "mr"),
    Language("ne", "Nepali", "नेपाली", "ne"),
    Language("nb", "Norwegian", "Norsk bokmål", "nb"),
    Language("or", "Odia", "ଓଡ଼ିଆ", "or"),
    Language("om", "Oromo", "Afaan Oromoo", "om"),
    Language("fa", "Persian", "فارسی", "fa", rtl=True),
    Language("pl", "Polish", "Polski", "pl"),
    Language("pt", "Portuguese (Portugal)", "Português (Portugal)", "pt"),
    Language("pt-br", "Portuguese (Brazil)", "Português (Brasil)", "pt-BR"),
    Language("pa", "Punjabi", "ਪੰਜਾਬੀ", "pa"),
    Language("ro", "Romanian", "Română", "ro"),
    Language("ru", "Russian", "Русский", "ru"),
    Language("gd", "Scottish Gaelic", "Gàidhlig", "gd"),
    Language("sr", "Serbian", "Српски", "sr"),
    Language("sd", "Sindhi", "سنڌي", "sd", rtl=True),
    Language("si", "Sinhala", "සිංහල", "si"),
    Language("sk", "Slovak", "Slovenčina", "sk"),
    Language("sl", "Slovenian", "Slovenščina", "sl"),
    Language("es", "Spanish (Spain)", "Español (España)", "es"),
    Language("es-419", "Spanish (Latin America)", "Español (Latinoamérica)", "es-419"),
    Language("sw", "Swahili", "Kiswahili", "sw"),
    Language("sv", "Swedish", "Svenska", "sv"),
    Language("ta", "Tamil", "தமிழ்", "ta"),
    Language("tt", "Tatar", "Татарча", "tt"),
    Language("te", "Telugu", "తెలుగు", "te"),
    Language("th", "Thai", "ไทย", "th"),
    Language("tn", "Tswana", "Setswana", "tn"),
    Language("tr", "Turkish", "Türkçe", "tr"),
    Language("tk", "Turkmen", "Türkmençe", "tk"),
    Language("uk", "Ukrainian", "Українська", "uk"),
    Language("ur", "Urdu", "اردو", "ur", rtl=True),
    Language("ug", "Uyghur", "ئۇيغۇرچە", "ug", rtl=True),
    Language("uz", "Uzbek", "Oʻzbekcha", "uz"),
    Language("vi", "Vietnamese", "Tiếng Việt", "vi"),
    Language("cy", "Welsh", "Cymraeg", "cy"),
)

VOICES: tuple[Voice, ...] = (
    Voice("man", "Man", ""),
    Voice("man-deep", "Man, deep", "m3"),
    Voice("man-old", "Old man", "grandpa"),
    Voice("woman", "Woman", "f2"),
    Voice("woman-bright", "Woman, bright", "f4"),
    Voice("woman-old", "Old woman", "grandma"),
    Voice("whisper", "Whisper", "whisper"),
)

_BY_CODE = {language.code: language for language in LANGUAGES}
_ALIASES = {
    "en-us": "en", "zh-cn": "zh", "zh-hans": "zh", "cmn": "zh", "zh-hk": "yue", "no": "nb", "nn": "nb", "iw": "he",
    "in": "id", "pt-pt": "pt", "es-mx": "es-419", "es-ar": "es-419", "es-us": "es-419", "en-uk": "en-gb",
}  # fmt: skip


def find_language(code: str) -> Language:
    """The language of a tag such as ``en``, ``pt-BR`` or ``de_AT`` (an unknown region means the language itself).

    Raises :class:`InputError` ``unsupported_language``.
    """
    tag = code.strip().lower().replace("_", "-")
    while tag:
        found = _BY_CODE.get(_ALIASES.get(tag, tag))
        if found is not None:
            return found
        tag = tag.rpartition("-")[0]
    raise InputError(
        "unsupported_language",
        f"The language “{code.strip()[:40]}” is not supported.",
        "Choose one of the languages in the list.",
    )


def find_voice(code: str | None) -> Voice:
    """The voice of a code; None or "" is the first. Raises :class:`InputError` ``unknown_voice``."""
    if not code:
        return VOICES[0]
    for voice in VOICES:
        if voice.code == code.strip().lower():
            return voice
    raise InputError("unknown_voice", f"There is no voice called “{code.strip()[:40]}”.", "Choose one of the list.")
