"""exp and its relatives."""

from __future__ import annotations

from collections.abc import Mapping

from codegen.llvm.elementary.builder import Formula

FORMULAS: Mapping[str, Formula] = {}
