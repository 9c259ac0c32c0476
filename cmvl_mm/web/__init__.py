"""The page of `cmvl web`: search, motion vectors and training curves in the browser, with Starlette, offline."""
