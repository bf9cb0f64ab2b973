"""The options of each operator: their numbers, types and defaults in the schema of TensorFlow Lite."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import ModelError
from .flatbuffer import Table

type Options = Mapping[str, int | float | bool | tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an options table."""

    number: int
    fmt: str
    """Its struct format, or "[i" for a list of 32-bit integers."""
    default: float = 0


@dataclass(frozen=True, slots=True)
class OptionsTable:
    """One member of the schema's union BuiltinOptions."""

    number: int
    fields: Mapping[str, Field]


_ACTIVATION = {"activation": Field(0, "b")}
_REDUCER = OptionsTable(27, {"keep_dims": Field(0, "?")})

OPTIONS: dict[str, OptionsTable] = {
    "CONV_2D": OptionsTable(
        1,
        {
            "padding": Field(0, "b"),
            "stride_w": Field(1, "i"),
            "stride_h": Field(2, "i"),
            "activation": Field(3, "b"),
            "dilation_w": Field(4, "i", 1),
            "dilation_h": Field(5, "i", 1),
        },
    ),
    "DEPTHWISE_CONV_2D": OptionsTable(
        2,
        {
            "padding": Field(0, "b"),
            "stride_w": Field(1, "i"),
            "stride_h": Field(2, "i"),
            "depth_multiplier": Field(3, "i"),
            "activation": Field(4, "b"),
            "dilation_w": Field(5, "i", 1),
            "dilation_h": Field(6, "i", 1),
        },
    ),
    **dict.fromkeys(
        ("AVERAGE_POOL_2D", "MAX_POOL_2D"),
        OptionsTable(
            5,
            {
                "padding": Field(0, "b"),
                "stride_w": Field(1, "i"),
                "stride_h": Field(2, "i"),
                "kernel_w": Field(3, "i"),
                "kernel_h": Field(4, "i"),
                "activation": Field(5, "b"),
            },
        ),
    ),
    "FULLY_CONNECTED": OptionsTable(
        8,
        {
            "activation": Field(0, "b"),
            "weights_format": Field(1, "b"),
            "keep_num_dims": Field(2, "?"),
        },
    ),
    "BATCH_MATMUL": OptionsTable(
        101, {"adjoint_x": Field(0, "?"), "adjoint_y": Field(1, "?")}
    ),
    "SOFTMAX": OptionsTable(9, {"beta": Field(0, "f")}),
    "CONCATENATION": OptionsTable(
        10, {"axis": Field(0, "i"), "activation": Field(1, "b")}
    ),
    "ADD": OptionsTable(11, _ACTIVATION),
    "MUL": OptionsTable(21, _ACTIVATION),
    "SUB": OptionsTable(28, _ACTIVATION),
    "DIV": OptionsTable(29, _ACTIVATION),
    "RESHAPE": OptionsTable(17, {"new_shape": Field(0, "[i")}),
    "GATHER": OptionsTable(23, {"axis": Field(0, "i"), "batch_dims": Field(1, "i")}),
    **dict.fromkeys(
        ("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"), _REDUCER
    ),
    "SQUEEZE": OptionsTable(30, {"squeeze_dims": Field(0, "[i")}),
    "STRIDED_SLICE": OptionsTable(
        32,
        {
            "begin_mask": Field(0, "i"),
            "end_mask": Field(1, "i"),
            "ellipsis_mask": Field(2, "i"),
            "new_axis_mask": Field(3, "i"),
            "shrink_axis_mask": Field(4, "i"),
            "offset": Field(5, "?"),
        },
    ),
    "SHAPE": OptionsTable(55, {"out_type": Field(0, "b")}),
    "SPLIT": OptionsTable(35, {"num_splits": Field(0, "i")}),
    "SPLIT_V": OptionsTable(79, {"num_splits": Field(0, "i")}),
    "PACK": OptionsTable(59, {"values_count": Field(0, "i"), "axis": Field(1, "i")}),
    "UNPACK": OptionsTable(64, {"num": Field(0, "i"), "axis": Field(1, "i")}),
    "LEAKY_RELU": OptionsTable(75, {"alpha": Field(0, "f")}),
    "MIRROR_PAD": OptionsTable(77, {"mode": Field(0, "b")}),
    "GELU": OptionsTable(116, {"approximate": Field(0, "?")}),
}


def read_options(operator: str, kind: int, table: Table | None) -> Options:
    """Return the options of an operator by name; an operator without any has none.

    Raises:
        ModelError: the table is not the one that belongs to the operator.

    """
    known = OPTIONS.get(operator)
    if known is None:
        return {}
    if kind not in (0, known.number):
        raise ModelError(
            f"the file is damaged: {operator} carries the options of another operator ({kind})"
        )
    if kind == 0:
        table = None
    options: dict[str, int | float | bool | tuple[int, ...]] = {}
    for name, field in known.fields.items():
        if field.fmt == "[i":
            options[name] = () if table is None else table.integers(field.number)
        else:
            options[name] = (
                field.default
                if table is None
                else table.number(field.number, field.fmt, field.default)
            )
    return options
