"""Has TensorFlow compute by oneDNN wherever it can: import before TensorFlow.

It does so of itself on some processors alone; on others its own convolutions were twice as slow.
"""

import os

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
