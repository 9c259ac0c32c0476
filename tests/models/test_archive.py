"""Archives that hold more than their file has bytes are refused before anything is unpacked."""

import io
import zipfile

import numpy as np
import pytest
import torch

from cmvl_mm.models.archive import ArchiveError, require_stored


def test_what_torch_and_numpy_write_passes(tmp_path):
    torch.save({'w': torch.zeros(1000)}, tmp_path / 'a.pth')
    np.savez(tmp_path / 'a.npz', a=np.zeros(1000), b=np.array(['x']))
    require_stored(tmp_path / 'a.pth')
    require_stored(tmp_path / 'a.npz')


def test_compressed_members_are_named(tmp_path):
    with zipfile.ZipFile(tmp_path / 'bomb.pth', 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('archive/data.pkl', b'\0' * 1_000_000)
    with pytest.raises(ArchiveError, match=r"'archive/data\.pkl' in it is compressed, \d+ bytes for 1000000"):
        require_stored(tmp_path / 'bomb.pth')


@pytest.mark.parametrize('name', ['../a', 'a/../../b', '/etc/passwd'])
def test_names_that_leave_the_archive_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / 'a.pth', 'w') as archive:
        archive.writestr(name, b'')
    with pytest.raises(ArchiveError, match='leaves the archive'):
        require_stored(tmp_path / 'a.pth')


def test_members_that_overlap_are_refused(tmp_path):
    """Two entries of the directory that point at one piece of data, as archives do that unpack to petabytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, 'w') as archive:
        archive.writestr('a', b'\0' * 10_000)
        archive.NameToInfo['b'] = archive.infolist()[0]
        archive.filelist.append(archive.infolist()[0])
        archive._didModify = True
    (tmp_path / 'twice.pth').write_bytes(written.getvalue())
    with pytest.raises(ArchiveError, match='claim 20000 bytes, but the file has 10'):
        require_stored(tmp_path / 'twice.pth')
