"""Archives that torch.save and numpy.savez do not write are refused before anything in them is read."""

import io
import zipfile

import numpy as np
import pytest
import torch

from cmvl_mm.files.archive import ArchiveError, require_stored


def test_what_torch_and_numpy_write_passes(tmp_path):
    torch.save({'w': torch.zeros(1000)}, tmp_path / 'a.pth')
    np.savez(tmp_path / 'a.npz', a=np.zeros(1000), b=np.array(['x']))
    require_stored(tmp_path / 'a.pth')
    require_stored(tmp_path / 'a.npz')


@pytest.mark.parametrize(
    ('name', 'method', 'reason'),
    [
        ('archive/data.pkl', zipfile.ZIP_DEFLATED, "its member 'archive/data.pkl' is compressed, [0-9]+ bytes for 100"),
        ('../a', zipfile.ZIP_STORED, 'leaves the archive'),
        ('a/../../b', zipfile.ZIP_STORED, 'leaves the archive'),
        ('/a', zipfile.ZIP_STORED, 'leaves the archive'),
    ],
)
def test_compressed_members_and_names_outside_are_refused(tmp_path, name, method, reason):
    with zipfile.ZipFile(tmp_path / 'a.pth', 'w', method) as archive:
        archive.writestr(name, b'\0' * 100)
    with pytest.raises(ArchiveError, match=reason):
        require_stored(tmp_path / 'a.pth')


def test_members_that_claim_more_than_the_file_has_are_refused(tmp_path):
    written = io.BytesIO()
    with zipfile.ZipFile(written, 'w') as archive:
        archive.writestr('a', b'\0' * 100)
    content = written.getvalue()
    size = (100).to_bytes(4, 'little')
    (tmp_path / 'a.pth').write_bytes(content.replace(size, (5000).to_bytes(4, 'little')))
    with pytest.raises(ArchiveError, match='claim 5000 bytes, but the file has'):
        require_stored(tmp_path / 'a.pth')
