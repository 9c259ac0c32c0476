#!/usr/bin/env bash
# webdataset: with one cache_dir, val/000000.tar is train/000000.tar, and the argument url_to_name does not help.
#
# One would guess: two data sets may share a cache folder: a shard in it belongs to its URL. The argument url_to_name of
#                  WebDataset chooses the names in it.
# What happens:    of http, https, s3, gs and ftp URLs the cache keeps the last part as the name. Who trains on
#                  train/000000.tar and then validates on val/000000.tar reads the training samples again, though
#                  __url__ names val; so do shards of the same names in folders of one data set. No error, no warning.
#                  WebDataset takes url_to_name, which the maintainers name as the cure, and does not hand it on to its
#                  cache. Without a cache and with a folder for each all samples are right.
# Made here:       two shards of four samples each in train and in val, served over http by this machine to itself.
# Versions:        webdataset 1.0.2, numpy 2.4.6
# Output seen:
#   no cache    : train gives train-0-0 to train-1-3, val gives val-0-0 to val-1-3
#   one each    : train gives train-0-0 to train-1-3, val gives val-0-0 to val-1-3
#   one cache   : train gives train-0-0 to train-1-3, val gives train-0-0 to train-1-3
#   url_to_name : train gives train-0-0 to train-1-3, val gives train-0-0 to train-1-3
#   names in it : 000000.tar 000001.tar
# Exits 0 while this holds, 1 when the behaviour has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset WDS_CACHE WDS_CACHE_SIZE
command -v curl > /dev/null || { echo 'this finding needs curl, by which webdataset reads http' >&2; exit 1; }
python3 -m venv venv
venv/bin/python -m pip install -q --disable-pip-version-check webdataset==1.0.2 numpy==2.4.6
no_proxy=127.0.0.1 venv/bin/python -I - <<'EOF'
import functools
import hashlib
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import webdataset as wds

SHARDS, EACH = 2, 4


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *rest):
        pass


def whole_name(url):
    return hashlib.sha256(url.encode()).hexdigest() + '.tar'


for part in ('train', 'val'):
    Path('served', part).mkdir(parents=True)
    for shard in range(SHARDS):
        with wds.TarWriter(f'served/{part}/{shard:06}.tar') as writer:
            for item in range(EACH):
                writer.write({'__key__': f'{part}-{shard}-{item}', 'txt': ''})
server = ThreadingHTTPServer(('127.0.0.1', 0), functools.partial(Quiet, directory='served'))
threading.Thread(target=server.serve_forever, daemon=True).start()
right = {part: [f'{part}-{shard}-{item}' for shard in range(SHARDS) for item in range(EACH)]
         for part in ('train', 'val')}


def urls(part):
    return [f'http://127.0.0.1:{server.server_port}/{part}/{shard:06}.tar' for shard in range(SHARDS)]


def build(part, cache, **options):
    return wds.WebDataset(urls(part), shardshuffle=False, cache_dir=cache, **options)


def show(title, folders, **options):
    found = {}
    for part, folder in folders.items():
        if folder:
            Path(folder).mkdir(exist_ok=True)
        samples = list(build(part, folder, **options))
        found[part] = [sample['__key__'] for sample in samples]
        assert all(f'/{part}/' in sample['__url__'] for sample in samples)
    print(f'{title:12}: train gives {found["train"][0]} to {found["train"][-1]}, '
          f'val gives {found["val"][0]} to {found["val"][-1]}')
    return found


swapped = {'train': right['train'], 'val': right['train']}
holds = show('no cache', dict.fromkeys(right)) == right
holds &= show('one each', {part: f'of {part}' for part in right}) == right
holds &= show('one cache', dict.fromkeys(right, 'shared')) == swapped
holds &= show('url_to_name', dict.fromkeys(right, 'named'), url_to_name=whole_name) == swapped
print('names in it :', *sorted(path.name for path in Path('named').iterdir()))
server.shutdown()
sys.exit(not holds)
EOF
