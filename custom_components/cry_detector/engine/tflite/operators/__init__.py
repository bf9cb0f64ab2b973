"""The operators: a builder for each, by the name that the schema gives it."""

from ..node import Builder
from .activations import BUILDERS as ACTIVATIONS
from .casts import BUILDERS as CASTS
from .convolution import convolution
from .dense import batch_matmul, fully_connected
from .depthwise import depthwise_convolution
from .elementwise import BUILDERS as ELEMENTWISE
from .normalization import BUILDERS as NORMALIZATION
from .padding import BUILDERS as PADDING
from .pooling import average_pool, max_pool
from .reductions import BUILDERS as REDUCTIONS
from .selection import BUILDERS as SELECTION
from .shapes import BUILDERS as SHAPES
from .spectral import BUILDERS as SPECTRAL

BUILDERS: dict[str, Builder] = {
    "CONV_2D": convolution,
    "DEPTHWISE_CONV_2D": depthwise_convolution,
    "FULLY_CONNECTED": fully_connected,
    "BATCH_MATMUL": batch_matmul,
    "AVERAGE_POOL_2D": average_pool,
    "MAX_POOL_2D": max_pool,
    **ACTIVATIONS,
    **CASTS,
    **ELEMENTWISE,
    **NORMALIZATION,
    **PADDING,
    **REDUCTIONS,
    **SELECTION,
    **SHAPES,
    **SPECTRAL,
}
