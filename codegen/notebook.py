"""How compiled functions show themselves in notebooks: their source."""

from __future__ import annotations

from html import escape

_LONGEST = 20_000
"""Characters; longer sources are for editors."""


def source_html(title: str, source: str) -> str | None:
    """Return a source with a title as HTML, or None if it is too long to be looked at.

    >>> source_html("f", "x < y")
    '<p><code>f</code></p><pre>x &lt; y</pre>'
    """
    if len(source) > _LONGEST:
        return None
    return f"<p><code>{escape(title)}</code></p><pre>{escape(source)}</pre>"
