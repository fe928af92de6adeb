"""Names for generated source: valid in Python, each given once."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable

RESERVED = frozenset([*keyword.kwlist, *dir(builtins), "np"])


def identifier(text: str) -> str:
    """Return the identifier that is closest to a name for people.

    >>> identifier("dL/dh"), identifier("2nd layer"), identifier("θ′")
    ('dL_dh', '_2nd_layer', 'θ_prime')
    """
    # Python compares identifiers in this normal form, so names that look alike must meet here.
    plain = unicodedata.normalize("NFKC", text.replace("′", "_prime").replace("'", "_prime"))
    plain = re.sub(r"\W+", "_", plain).rstrip("_") or "_"
    return plain if plain.isidentifier() else f"_{plain}"


class Names:
    """The names taken so far."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*RESERVED, *taken}
        self._last: dict[str, int] = {}

    def claim(self, wanted: str) -> str:
        """Return `wanted` as an identifier, with a number behind it if it is taken, and take it.

        >>> names = Names()
        >>> names.claim("h"), names.claim("h"), names.claim("lambda")
        ('h', 'h_2', 'lambda_')
        """
        name = identifier(wanted)
        if name in RESERVED:
            name += "_"
        return name if self._take(name) else self._numbered(f"{name}_", 2)

    def numbered(self, stem: str) -> str:
        """Return and take the first of stem1, stem2, ... that is free.

        >>> names = Names(["t2"])
        >>> names.numbered("t"), names.numbered("t")
        ('t1', 't3')
        """
        return self._numbered(stem, 1)

    def _numbered(self, stem: str, first: int) -> str:
        number = self._last.get(stem, first - 1) + 1
        while not self._take(f"{stem}{number}"):
            number += 1
        self._last[stem] = number
        return f"{stem}{number}"

    def _take(self, name: str) -> bool:
        if name in self._taken:
            return False
        self._taken.add(name)
        return True
