"""Files <-> tensors, safely: written whole, chosen by digest, read as data alone."""
