"""The chain rule written out: derived gate by gate (`derive`) and printed as text, LaTeX and HTML."""
