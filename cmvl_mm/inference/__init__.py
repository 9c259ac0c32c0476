"""Videos, folders, arrays or tensors -> predictions, on MMEngine's inferencer."""
