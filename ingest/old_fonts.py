"""Vietnamese from before Unicode: the letters of the ABC (TCVN3) and VNI fonts, as today's programs show them.

Such a text holds Western letters that only its font made Vietnamese: `Hµ Néi` in .VnTime, `Haø Noäi` in VNI-Times.
The font decides; where it is lost, the letters do, and only where they are no Vietnamese as they stand, not even with
their tones left out, and wholly Vietnamese when decoded. No library of the package index that is kept decodes both,
hence the two tables: TCVN 5712:1993, table VN3, and the chart of VNI Software for Windows.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

TCVN3: Final = "TCVN3 (ABC)"
VNI: Final = "VNI"

_TCVN3_CODES = (
    "¡¢£¤¥¦§¨©ª«¬\u00ad®"  # Ă Â Ê Ô Ơ Ư Đ and the same in small letters; the soft hyphen is ư
    "µ¶·¸¹»¼½¾ÆÇÈÉÊË"  # a ă â with huyền, hỏi, ngã, sắc, nặng
    "ÌÎÏÐÑÒÓÔÕÖ×ØÜÝÞ"  # e ê i
    "ßáâãäåæçèéêëìíî"  # o ô ơ
    "ïñòóôõö÷øùúûüýþ"  # u ư y
)
_TCVN3_LETTERS = (
    "ĂÂÊÔƠƯĐăâêôơưđ"
    "àảãáạằẳẵắặầẩẫấậ"
    "èẻẽéẹềểễếệìỉĩíị"
    "òỏõóọồổỗốộờởỡớợ"
    "ùủũúụừửữứựỳỷỹýỵ"
)  # fmt: skip
_LETTERS = frozenset(_TCVN3_LETTERS.lower())
_FROM_TCVN3 = dict(zip(_TCVN3_CODES, _TCVN3_LETTERS, strict=True))

# In VNI a letter is followed by a second one that is drawn over it; some stand alone.
_VNI_MARKS = {
    "aeouyôö": ("ùøûõï", "\u0301\u0300\u0309\u0303\u0323"),
    "a": ("âáàåãäêéèúüë", "ÂẤẦẨẪẬĂẮẰẲẴẶ"),
    "e": ("âáàåãä", "ÊẾỀỂỄỆ"),
    "o": ("âáàåãä", "ÔỐỒỔỖỘ"),
}
_VNI_ALONE = dict(zip("íìæóòôöîñÍÌÆÓÒÔÖÎÑ", "íìỉĩịơưỵđÍÌỈĨỊƠƯỴĐ", strict=True))

_TONES = "\u0300\u0309\u0303\u0301\u0323"
_WITHOUT_TONE = str.maketrans("", "", _TONES)
# What the programs of that time wrote beside the letters of any font.
_PUNCTUATION = frozenset("\u00a0–—‘’“”…•²³°±")

_ONSET = "(?:ngh|ng|nh|gh|gi|kh|ph|qu|th|tr|ch|[bcdđghklmnprstvx])?"
_RIMES = (
    "a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et "
    "ê êc êch êm ên êng ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu y yêm yên yêng yêt yêu "
    "o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong ooc oong "
    "op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơng ơp ơt u ua uân uâng uât uây uc uê uêch uên uênh uêu ui um un ung uơ "
    "uôc uôi uôm uôn uông uôt up ut uy uya uych uyên uyêt uyn uynh uyp uyt uyu ư ưa ưc ưi ưm ưn ưng ươ ươc ươi ươm "
    "ươn ương ươp ươt ươu ưt ưu ăk âk ôk ơk êk ưk"  # the last of names of the highlands: Đắk Lắk, Krông Pắk
)
_SYLLABLE = re.compile(f"{_ONSET}(?:{'|'.join(sorted(_RIMES.split(), key=len, reverse=True))})")
_STOPPED = re.compile(r"(?:c|ch|p|t)$")  # such a syllable has the tone sắc or nặng
_ABBREVIATION = re.compile("[A-ZĂÂĐÊÔƠƯ]{2,10}")  # QĐ, LĐTBXH
_WORD = re.compile(r"[^\W\d_]+")
# A sign that no text has inside a word: D©n, Q§, t­.
_SIGNS = "[" + re.escape("".join(code for code in _TCVN3_CODES if not code.isalpha())) + "]"
_SIGN_IN_WORD = re.compile(rf"(?<=[^\W\d_]){_SIGNS}|{_SIGNS}(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text that an old font made Vietnamese: as it stood, as it was meant, in which encoding, by which font.

    `font` is empty where the letters alone told.
    """

    raw: str
    text: str
    encoding: str
    font: str = ""


def is_old(font: str) -> bool:
    """Whether the font draws other letters than the text holds."""
    return _encoding(font) is not None


def by_fonts(runs: Iterable[tuple[str, str]]) -> Decoded | None:
    """What a text in one font or several means, piece by piece with its font; None where it stands as it is meant.

    `.VnTimeH` and the like show small letters as capitals. People also type Unicode into cells of an old font: what
    such a font could not hold, or what is Vietnamese only as it stands, is left.
    """
    runs = list(runs)
    raw = "".join(text for text, _ in runs)
    meant = "".join(_by_font(text, font) for text, font in runs)
    if meant == raw or (is_vietnamese(raw) and not is_vietnamese(meant)):
        return None
    font = next(font for text, font in runs if _by_font(text, font) != text)
    return Decoded(raw, meant, _encoding(font) or "", font)


def by_letters(text: str) -> Decoded | None:
    """What a text means whose font is lost; None where it may be meant as it stands, or its letters tell two things."""
    if text.isascii():
        return None
    found = [each for each in (_recognised(text, TCVN3), _recognised(text, VNI)) if each]
    return found[0] if len(found) == 1 else None


def is_vietnamese(text: str) -> bool:
    """Whether a text has Vietnamese letters, and every word that has them is a Vietnamese syllable or abbreviation."""
    words = [word for word in _WORD.findall(unicodedata.normalize("NFC", text)) if not word.isascii()]
    return bool(words) and all(map(_is_word, words))


def is_never_foreign(text: str) -> bool:
    """Whether every word of a text that has more than letters of ASCII is Vietnamese; there may be none."""
    return all(_is_word(word) for word in _WORD.findall(text) if not word.isascii())


def from_tcvn3(text: str) -> str:
    """The text of an ABC font in Unicode."""
    return "".join(_FROM_TCVN3.get(code, code) for code in text)


def from_vni(text: str) -> str:
    """The text of a VNI font in Unicode."""
    return _VNI_CODE.sub(lambda found: _FROM_VNI[found[0]], text)


def _vni_table() -> dict[str, str]:
    table = dict(_VNI_ALONE)
    for bases, (marks, letters) in _VNI_MARKS.items():
        for base in bases:
            for mark, letter in zip(marks, letters, strict=True):
                drawn = _VNI_ALONE.get(base, base) + letter if unicodedata.combining(letter) else letter
                small = unicodedata.normalize("NFC", drawn.lower())
                table |= {base + mark: small, base.upper() + mark.upper(): small.upper()}
                table |= {base.upper() + mark: small.upper()}
    return table


_FROM_VNI = _vni_table()
_VNI_CODE = re.compile("|".join(sorted(_FROM_VNI, key=len, reverse=True)))
_DECODERS = {TCVN3: from_tcvn3, VNI: from_vni}
_CODES = {TCVN3: frozenset(_TCVN3_CODES), VNI: frozenset("".join(_FROM_VNI))}


def _encoding(font: str) -> str | None:
    name = font.strip().casefold()
    if name.startswith(".vn"):
        return TCVN3
    return VNI if re.match(r"vni[- ]", name) else None


def _by_font(text: str, font: str) -> str:
    encoding = _encoding(font)
    if encoding is None or not _could_hold(text, encoding):
        return text
    meant = _DECODERS[encoding](text)
    capitals = encoding == TCVN3 and re.sub(r"\s+(?:bold|italic)\b.*", "", font.strip(), flags=re.I).endswith("H")
    return meant.upper() if capitals else meant


def _could_hold(text: str, encoding: str) -> bool:
    return all(code < "\x80" or code in _CODES[encoding] or code in _PUNCTUATION for code in text)


def _recognised(text: str, encoding: str) -> Decoded | None:
    if not _could_hold(text, encoding):
        return None
    if not _SIGN_IN_WORD.search(text) and (is_vietnamese(text) or (encoding == TCVN3 and not _is_foreign(text))):
        return None
    meant = _DECODERS[encoding](text)
    # One letter alone is as well a sign: × is a times sign or ì, § a paragraph or Đ.
    if is_vietnamese(meant) and any(len(word) > 1 and not word.isascii() for word in _WORD.findall(meant)):
        return Decoded(text, meant, encoding)
    return None


def _is_foreign(text: str) -> bool:
    """Whether a text has a letter that Vietnamese has not; without one it may be typed in haste: Hôc Môn, môt sô."""
    return any(code.isalpha() and code.lower() not in _LETTERS for code in text if not code.isascii())


def _is_word(word: str) -> bool:
    if _ABBREVIATION.fullmatch(word):
        return True
    decomposed = unicodedata.normalize("NFD", word.lower())
    tones = [mark for mark in decomposed if mark in _TONES]
    bare = unicodedata.normalize("NFC", decomposed.translate(_WITHOUT_TONE))
    if len(tones) > 1 or not (word.islower() or word.isupper() or word.istitle()):
        return False
    if _STOPPED.search(bare) and tones not in (["\u0301"], ["\u0323"]):
        return False
    return _SYLLABLE.fullmatch(bare) is not None
