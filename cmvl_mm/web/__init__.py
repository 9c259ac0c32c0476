"""The page of `cmvl web`: search, motion vectors and training curves in the browser, by Starlette, offline."""
