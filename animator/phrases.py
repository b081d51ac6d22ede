"""Random phrases that a person says or types to show that they are there: five common words of their language.

The words are easy to read, hard to confuse by ear, and harmless in any order.
"""

from __future__ import annotations

import secrets
import unicodedata

#: Words of a phrase.
LENGTH = 5

_ENGLISH = """
apple april autumn balcony banana basket blanket bottle bridge butter button candle castle cherry chocolate cinema
coffee cotton cousin dancing diamond dinner dolphin dragon elephant evening family february feather finger forest
fountain garden giraffe guitar hammer harbour holiday honey island jacket january jungle kitchen ladder lantern
lemon letter library lion market melody mirror monday monkey morning mountain mushroom november ocean orange
orchestra paper parrot pencil penguin piano picture pillow pocket potato pumpkin rabbit rainbow river saturday
scissors september silver sister spider square stadium sugar summer sunday table telephone thunder ticket tiger
tomato tractor triangle trumpet tuesday umbrella uncle valley village violin water wednesday window winter yellow
zebra
"""
_GERMAN = """
Abend Adler Ameise Ananas Apfel August Balkon Banane Bauer Berg Blume Brücke Brunnen Butter Dezember Donner Drachen
Eimer Elefant Erdbeere Fahrrad Familie Februar Feder Fenster Finger Flasche Freitag Frosch Garten Gitarre Giraffe
Glocke Hammer Herbst Himmel Honig Igel Insel Januar Kaffee Kamel Kartoffel Kerze Kino Kirsche Klavier Koffer König
Kuchen Lampe Leiter Löffel Löwe März Melodie Messer Mittwoch Mond Montag Morgen Mutter Nachbar November Oktober
Onkel Papagei Papier Pinguin Pilz Quelle Regen Sommer Samstag Schatten Schere Schlüssel Schokolade Schule Schwester
Silber Sonntag Spiegel Stadion Stern Straße Tafel Telefon Teppich Tiger Tomate Traktor Trommel Vogel Wasser Wiese
Winter Wolke Zebra Zeitung Zitrone Zucker
"""
_FRENCH = """
abeille août arbre automne avril avion balcon banane bateau beurre bouteille bougie café canard carotte cerise
chapeau château cheval chocolat cinéma ciseaux citron clavier couleur cousin dauphin décembre dimanche docteur
dragon école éléphant escalier étoile famille fenêtre février fleur fontaine forêt fourmi fromage gâteau girafe
guitare hiver horloge île janvier jardin jeudi jungle juillet lampe lapin lundi lune maison marché mardi matin
mélodie miroir montagne mouton musique neige novembre océan oiseau orange papier parapluie perroquet pharmacie piano
pinceau pingouin poisson pomme printemps renard rivière samedi septembre serpent sirop soleil souris stade sucre
table téléphone théâtre tigre tomate tortue tracteur trompette vendredi vélo village violon zèbre
"""
_SPANISH = """
abeja abril abuelo agosto aguacate amigo árbol araña avión azúcar balcón banana barco botella bosque caballo cabeza
café camello canción cangrejo castillo cereza chocolate cine ciudad cocina conejo cuchara delfín diciembre doctor
domingo dragón elefante escalera escuela espejo estadio estrella familia febrero flauta flor fuente gato girasol
guitarra hermano hormiga iglesia invierno isla jardín jirafa jueves jungla lámpara lápiz león limón lluvia luna
lunes mantequilla manzana mariposa martes melodía mercado miércoles montaña naranja noviembre océano octubre oveja
pájaro paraguas pelota pescado piano pingüino planeta plátano primavera puente queso ratón reloj río sábado
serpiente silla sombrero teléfono tigre tijeras tomate tortuga tractor trompeta ventana verano viernes violín zapato
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


#: The words by language.
WORDS = {"en": _words(_ENGLISH), "de": _words(_GERMAN), "fr": _words(_FRENCH), "es": _words(_SPANISH)}


def languages() -> tuple[str, ...]:
    """The codes of the languages that phrases are drawn in."""
    return tuple(WORDS)


def draw_phrase(language: str) -> str:
    """A fresh phrase: ``LENGTH`` different words of the language. Raises ``KeyError`` for one that has no list."""
    return " ".join(secrets.SystemRandom().sample(WORDS[language], LENGTH))


def same_words(phrase: str, typed: str) -> bool:
    """Whether the phrase was typed; letters' case, accents, punctuation and spaces do not count."""
    return _plain(phrase) == _plain(typed)


def _plain(text: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    letters = "".join(letter if letter.isalnum() else " " for letter in folded if not unicodedata.combining(letter))
    return letters.split()
