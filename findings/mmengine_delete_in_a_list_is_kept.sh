#!/usr/bin/env bash
# In an element of a list, MMEngine's merge keeps _delete_ as a key and deletes nothing.
#
# One would guess: _delete_=True in an option replaces a dict, wherever that dict stands: that is what it is for.
# What happens:    Config.merge_from_dict looks for _delete_ while it merges the dicts in dicts. Dicts in lists, such as
#                  the stages of a pipeline, are merged by a plain update: the old arguments stay, and _delete_ itself
#                  becomes one. Without a word; the stage fails, or does something else, when it is built.
# Made here:       a config with one dict below a key and the same dict in a list; both are replaced by the same option.
# Versions:        mmengine 0.10.7, torch 2.13.0 (CPU build; on Linux the default build is large)
# Output seen:
#   below a key: {'type': 'Crop'}
#   in a list:   {'_delete_': True, 'height': 8, 'type': 'Crop', 'width': 8}
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check torch==2.13.0 mmengine==0.10.7 'setuptools<81'
venv/bin/python -I -W ignore - <<'EOF'
import sys

from mmengine.config import Config

resize = dict(type='Resize', height=8, width=8)
config = Config(dict(first=dict(resize), stages=[dict(resize)]))
crop = dict(_delete_=True, type='Crop')
config.merge_from_dict({'first': dict(crop), 'stages.0': dict(crop)})
below, listed = (dict(sorted(stage.items())) for stage in (config.first, config.stages[0]))
print('below a key:', below)
print('in a list:  ', listed)
sys.exit(not (below == {'type': 'Crop'} and listed == {'_delete_': True, 'height': 8, 'type': 'Crop', 'width': 8}))
EOF
