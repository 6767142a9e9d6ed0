"""How secrets are kept: those of people as argon2id, those that we make up for programs as SHA-256.

What we make up has 256 random bits: no guessing reaches it, however fast the hash. What a person chooses is guessable,
so that hash is slow.
"""

import hashlib
import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

LONGEST = 1000  # characters; more would only make us work

_hasher = PasswordHasher()
# Each takes 64 MiB while it runs: a crowd at the door waits, and does not take the memory of the machine.
_at_once = threading.BoundedSemaphore(4)


def made_up() -> str:
    """A secret that nobody guesses, safe in addresses, headers and cookies."""
    return secrets.token_urlsafe(32)


def sha256(secret: str) -> bytes:
    """How a secret that we made up is kept."""
    return hashlib.sha256(_bytes(secret)).digest()


def normal(secret: str) -> str:
    """The secret in one spelling: the same letters leave one keyboard composed and another decomposed.

    NIST SP 800-63B asks for it.
    """
    return unicodedata.normalize("NFKC", secret)


def argon2id(secret: str) -> str:
    """How a person's secret is kept, with the parameters of the day in it."""
    with _at_once:
        return _hasher.hash(_bytes(normal(secret)))


def fits(secret: str, kept: str | None) -> bool:
    """Say whether this is the person's secret. Where none is kept, saying no takes as long."""
    try:
        with _at_once:
            nobodys = _nobodys()
            _hasher.verify(kept or nobodys, _bytes(normal(secret)[: LONGEST + 1]))
    except VerifyMismatchError:
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    """The hash of a secret that nobody has; programs at which nobody knocks do not wait for it."""
    return _hasher.hash(secrets.token_urlsafe())


def is_outdated(kept: str) -> bool:
    """Say whether the hash was made with other parameters than those of the day."""
    return _hasher.check_needs_rehash(kept)


def _bytes(text: str) -> bytes:
    # JSON can say half a character. It is nobody's secret, but neither is it a fault of ours.
    return text.encode(errors="surrogatepass")
