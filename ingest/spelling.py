"""How Vietnamese is written, compared and sorted.

People type one name in many ways: without marks, with the tone on the other vowel, in capitals, decomposed, with stray
spaces. Folded text is for finding only: it is never stored as a name and never joined on, because folding collides.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable

from rapidfuzz import fuzz, process

_TONES = "\u0300\u0309\u0303\u0301\u0323"  # huyền, hỏi, ngã, sắc, nặng: the order of the dictionary
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_PLACE = {letter: place for place, letter in enumerate(_LETTERS)}
_TONE_OF = str.maketrans("", "", _TONES)

# i and y are the same sound after these consonants, and offices write both: tỉ/tỷ, quí/quý, kĩ/kỹ, lí/lý, mĩ/mỹ.
_Y_FOR_I = re.compile(r"\b(h|k|l|m|s|t|v|qu)y\b")
# Đắk Lắk is also written Đắc Lắc.
_DAK_LAK = re.compile(r"\b([dl])ac\b")
_SEPARATORS = re.compile(r"[\W_]+")

_GOOD_MATCH = 60  # of 100: "freqency" finds "frequency" (94), "bac gian" finds "bac giang" (94), "xyz" finds nothing


def fold(text: str) -> str:
    """Return the text as it is searched: lower case, no marks, single spaces, no punctuation.

    `ĐẮK LẮK`, `dak  lak` and `đắc lắc` fold to one text, and so do `Hoà Bình` and `Hòa Bình`, `tỉ lệ` and `tỷ lệ`,
    `Thừa Thiên - Huế` and `Thừa Thiên-Huế`. The percent sign stays.
    """
    bare = "".join(mark for mark in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(mark))
    words = _words(bare.replace("đ", "d"))
    return _DAK_LAK.sub(r"\1ak", _Y_FOR_I.sub(r"\1i", words))


def fits(text: str, pattern: str) -> bool:
    """Whether the text is the pattern, in which each `*` stands for any text.

    From left to right, each part where it first stands: an expression would try them all, for hours with twenty stars.
    """
    first, *middle = pattern.split("*")
    if not middle:
        return text == pattern
    last = middle.pop()
    if not (text.startswith(first) and text.endswith(last) and len(text) >= len(first) + len(last)):
        return False
    at = len(first)
    for part in middle:
        at = text.find(part, at, len(text) - len(last))
        if at < 0:
            return False
        at += len(part)
    return True


def spelled(text: str) -> str:
    """Return the text for comparison with its diacritics: only case, spaces and the place of the tone are levelled."""
    return " ".join(_tone_last(word) for word in _words(unicodedata.normalize("NFC", text).lower()).split(" "))


def nearest(word: str, candidates: Iterable[str], limit: int = 3) -> list[str]:
    """Return the candidates that the word was probably meant to be, best first; none where none is near."""
    choices = tuple(dict.fromkeys(candidates))
    found = process.extract(fold(word), _folded(choices), scorer=fuzz.ratio, limit=limit, score_cutoff=_GOOD_MATCH)
    return [choices[index] for _, _, index in found]


# The same few lists are asked for again with every wrong word of a file, and folding them is most of the work.
@functools.lru_cache(maxsize=64)
def _folded(choices: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(choice) for choice in choices)


def alphabetical(text: str) -> tuple[object, ...]:
    """Return the sort key of the Vietnamese alphabet, as ICU's `vi` sorts: word by word, tones after letters."""
    words = [unicodedata.normalize("NFD", word) for word in _words(unicodedata.normalize("NFC", text).lower()).split()]
    letters = tuple(tuple(_place(letter) for letter in _letters(word)) for word in words)
    tones = tuple(tuple(_TONES.find(mark) + 1 for mark in word if mark in _TONES) for word in words)
    return letters, tones, text


def _words(text: str) -> str:
    return _SEPARATORS.sub(" ", text.replace("%", " percentsign ")).replace("percentsign", "%").strip()


def _letters(decomposed: str) -> str:
    return unicodedata.normalize("NFC", decomposed.translate(_TONE_OF))


def _tone_last(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word)
    tones = "".join(mark for mark in decomposed if mark in _TONES)
    return _Y_FOR_I.sub(r"\1i", _letters(decomposed)) + tones


def _place(letter: str) -> tuple[int, int]:
    # Digits and other signs come before letters, foreign letters after z.
    if letter in _PLACE:
        return 1, _PLACE[letter]
    return (2 if letter.isalpha() else 0), ord(letter)
