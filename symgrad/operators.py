"""Python's operators, array methods and NumPy's protocols on tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from symgrad.errors import DtypeError, GraphError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from symgrad.tensor import Tensor


def _names() -> Any:
    from symgrad import numpy_names

    return numpy_names


class TensorMethods:
    """What tensors can do by themselves, as NumPy's arrays do it.

    The functions live in `numpy_names`; here they are only called.
    """

    __slots__ = ()

    # arithmetic ------------------------------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Tensor:
        return _operate("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return _operate("add", other, self)

    def __sub__(self, other: Any) -> Tensor:
        return _operate("subtract", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return _operate("subtract", other, self)

    def __mul__(self, other: Any) -> Tensor:
        return _operate("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return _operate("multiply", other, self)

    def __truediv__(self, other: Any) -> Tensor:
        return _operate("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return _operate("divide", other, self)

    def __floordiv__(self, other: Any) -> Tensor:
        return _operate("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return _operate("floor_divide", other, self)

    def __mod__(self, other: Any) -> Tensor:
        return _operate("remainder", self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return _operate("remainder", other, self)

    def __pow__(self, other: Any) -> Tensor:
        return _operate("power", self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return _operate("power", other, self)

    def __matmul__(self, other: Any) -> Tensor:
        return _operate("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return _operate("matmul", other, self)

    def __neg__(self) -> Tensor:
        return _names().negative(self)

    def __pos__(self) -> Tensor:
        return self  # type: ignore[return-value]

    def __abs__(self) -> Tensor:
        return _names().absolute(self)

    def _sympy_(self) -> Any:
        """Let SymPy's own numbers and sizes give way: N * X is what X says it is."""
        from sympy import SympifyError

        raise SympifyError(self)

    # comparison (== is identity of structure; use sg.equal entry by entry) --------------------------------------------
    def __lt__(self, other: Any) -> Tensor:
        return _operate("less", self, other)

    def __le__(self, other: Any) -> Tensor:
        return _operate("less_equal", self, other)

    def __gt__(self, other: Any) -> Tensor:
        return _operate("greater", self, other)

    def __ge__(self, other: Any) -> Tensor:
        return _operate("greater_equal", self, other)

    def __and__(self, other: Any) -> Tensor:
        return _bools_only("logical_and", self, other)

    def __rand__(self, other: Any) -> Tensor:
        return _bools_only("logical_and", other, self)

    def __or__(self, other: Any) -> Tensor:
        return _bools_only("logical_or", self, other)

    def __ror__(self, other: Any) -> Tensor:
        return _bools_only("logical_or", other, self)

    def __xor__(self, other: Any) -> Tensor:
        return _bools_only("logical_xor", self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return _bools_only("logical_xor", other, self)

    def __invert__(self) -> Tensor:
        return _bools_only("logical_not", self)

    # indexing ---------------------------------------------------------------------------------------------------------
    def __getitem__(self, key: Any) -> Tensor:
        from symgrad.families.indexing import basic_index

        return basic_index(self, key)  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:  # type: ignore[attr-defined]
            raise ShapeError("a tensor without axes cannot be iterated over")
        return (self[i] for i in range(len(self)))  # type: ignore[arg-type]

    # methods ----------------------------------------------------------------------------------------------------------
    @property
    def T(self) -> Tensor:
        """The tensor with its axes reversed."""
        return _names().transpose(self)

    @property
    def mT(self) -> Tensor:
        """The tensor with its last two axes exchanged."""
        return _names().swapaxes(self, -1, -2)

    def named(self, name: str) -> Tensor:
        """Return the same tensor under a name that formulas and generated source use."""
        from symgrad.families.layout import named

        return named(self, name)  # type: ignore[arg-type]

    def astype(self, dtype: Any) -> Tensor:
        """Return the same values in another dtype."""
        from symgrad.families.elementwise import cast

        return cast(self, dtype)

    def reshape(self, *shape: Any) -> Tensor:
        """Return the entries in row-major order under another shape."""
        return _names().reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Tensor:
        """Return the tensor with its axes permuted."""
        if len(axes) == 1 and (axes[0] is None or isinstance(axes[0], (tuple, list))):
            return _names().transpose(self, axes[0])
        return _names().transpose(self, axes or None)

    def swapaxes(self, axis1: int, axis2: int) -> Tensor:
        """Return the tensor with two axes exchanged."""
        return _names().swapaxes(self, axis1, axis2)

    def ravel(self) -> Tensor:
        """Return the entries in row-major order along one axis."""
        return _names().ravel(self)

    flatten = ravel

    def squeeze(self, axis: Any = None) -> Tensor:
        """Return the tensor without axes of size 1."""
        return _names().squeeze(self, axis)

    def sum(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the sum over axes."""
        return _names().sum(self, axis, keepdims)

    def prod(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the product over axes."""
        return _names().prod(self, axis, keepdims)

    def mean(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the mean over axes."""
        return _names().mean(self, axis, keepdims)

    def var(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Return the variance over axes."""
        return _names().var(self, axis, ddof, keepdims)

    def std(self, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
        """Return the standard deviation over axes."""
        return _names().std(self, axis, ddof, keepdims)

    def max(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the largest entry over axes."""
        return _names().max(self, axis, keepdims)

    def min(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return the smallest entry over axes."""
        return _names().min(self, axis, keepdims)

    def argmax(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """Return the index of the first largest entry."""
        return _names().argmax(self, axis, keepdims)

    def argmin(self, axis: int | None = None, keepdims: bool = False) -> Tensor:
        """Return the index of the first smallest entry."""
        return _names().argmin(self, axis, keepdims)

    def any(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return whether any entry is true."""
        return _names().any(self, axis, keepdims)

    def all(self, axis: Any = None, keepdims: bool = False) -> Tensor:
        """Return whether all entries are true."""
        return _names().all(self, axis, keepdims)

    def cumsum(self, axis: int | None = None) -> Tensor:
        """Return the running sum."""
        return _names().cumsum(self, axis)

    def cumprod(self, axis: int | None = None) -> Tensor:
        """Return the running product."""
        return _names().cumprod(self, axis)

    def dot(self, other: Any) -> Tensor:
        """Return the product over the last axis and the last but one of `other`."""
        return _names().dot(self, other)

    def take(self, indices: Any, axis: int | None = None) -> Tensor:
        """Return entries along an axis."""
        return _names().take(self, indices, axis)

    def clip(self, min: Any = None, max: Any = None) -> Tensor:
        """Return the tensor limited from below and above."""
        return _names().clip(self, min, max)

    def repeat(self, repeats: int, axis: int | None = None) -> Tensor:
        """Return the tensor with each entry repeated along an axis."""
        return _names().repeat(self, repeats, axis)

    # NumPy's protocols ------------------------------------------------------------------------------------------------
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Make np.exp(X), array + X and np.add.reduce(X) build graphs."""
        if options.pop("out", None) is not None or options.pop("where", True) is not True:
            raise GraphError(f"np.{ufunc.__name__} on symbolic tensors takes neither out= nor where=")
        dtype = options.pop("dtype", None)
        if dtype is not None:  # NumPy computes in this dtype
            inputs = tuple(_names().cast(operand, dtype) for operand in inputs)
        name = ufunc.__name__
        if method == "reduce" and name in _REDUCTIONS:
            axis, keepdims = options.pop("axis", 0), options.pop("keepdims", False)
            _no_more(options, name)
            return getattr(_names(), _REDUCTIONS[name])(inputs[0], axis, keepdims)
        if method == "__call__" and name in _names().__all__:
            _no_more(options, name)
            return getattr(_names(), name)(*inputs)
        raise GraphError(f"np.{name} ({method}) is not available for symbolic tensors")

    def __array_function__(self, function: Any, types: Any, arguments: Any, options: Any) -> Any:
        """Make np.sum(X, axis=1), np.concatenate([X, Y]) and the like build graphs."""
        name = function.__name__
        if function.__module__.startswith("numpy.linalg"):
            from symgrad import linalg

            if name not in linalg.__all__:
                raise GraphError(f"np.linalg.{name} is not available for symbolic tensors")
            return getattr(linalg, name)(*arguments, **options)
        if name not in _names().__all__:
            raise GraphError(f"np.{name} is not available for symbolic tensors")
        dtype = options.pop("dtype", None)
        if dtype is None:
            return getattr(_names(), name)(*arguments, **options)
        if name in _COMPUTED_IN_A_DTYPE:
            arguments = (_names().cast(arguments[0], dtype), *arguments[1:])
        return _names().cast(getattr(_names(), name)(*arguments, **options), dtype)


_COMPUTED_IN_A_DTYPE = frozenset({"cumprod", "cumsum", "mean", "prod", "std", "sum", "trace", "var"})
_REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}


def _no_more(options: dict[str, Any], name: str) -> None:
    options.pop("casting", None)
    if options:
        raise GraphError(f"np.{name} on symbolic tensors does not take {', '.join(options)}=")


def _operate(name: str, *operands: Any) -> Any:
    """Return a function of operands, or NotImplemented where one is nothing that could be one: it may answer itself."""
    for operand in operands:
        if not (isinstance(operand, (TensorMethods, int, float, complex, list, tuple)) or _is_array_like(operand)):
            return NotImplemented
    return getattr(_names(), name)(*operands)


def _is_array_like(value: Any) -> bool:
    return hasattr(value, "__array__") or hasattr(value, "free_symbols")  # an array, or a size made of sg.dim


def _bools_only(name: str, *operands: Any) -> Any:
    from symgrad.dtypes import BOOL
    from symgrad.families.leaf import as_tensor

    for operand in operands:
        if isinstance(operand, str) or as_tensor(operand).dtype != BOOL:
            raise DtypeError("the operators &, |, ^ and ~ are for bool tensors; there are none for bits of integers")
    return _operate(name, *operands)
