"""Package metadata. The pinned environment of the tests is requirements.txt; here are the ranges that work."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
VERSION = re.search(r"__version__ = '(.+)'", (ROOT / 'cmvl_mm' / '__init__.py').read_text()).group(1)
ZOO = ['zoo/manifest.yml', 'zoo/*.safetensors', 'zoo/*.json']

setup(
    name='cmvl_mm',
    version=VERSION,
    description='Video representation learning straight from the compressed stream, on MMEngine and MMAction2',
    long_description=(ROOT / 'README.md').read_text(),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    license_files=['LICENSE'],
    packages=find_packages(include=['cmvl_mm*']),
    package_data={'cmvl_mm': ['py.typed', 'prepare/official.sha256', 'web/templates/*.html', 'web/static/*', *ZOO]},
    entry_points={'console_scripts': ['cmvl = cmvl_mm.cli.main:main']},
    python_requires='>=3.11',
    install_requires=[
        'torch>=2.10',  # 2.9 has broken 3D convolutions (pytorch#166122, pytorch#163539)
        'mmengine==0.10.7',
        'mmcv-lite>=2.1,<2.2',  # mmaction2 refuses mmcv >= 2.2
        'mmaction2==1.2.0',
        'av>=18.1,<19',  # as cmvl_mm/video/pyav.py says, with the reasons
        'numpy>=2',
        'click>=8.1',
        'tqdm>=4.60',
        'pillow>=10',
        'matplotlib>=3.8',
        'decord>=0.6',
        'safetensors>=0.8',
        'pyyaml>=6',
        'filelock>=3.12',
        'importlib_metadata',  # mmaction2 needs it and does not say so
    ],
    extras_require={
        'dev': [
            *('pytest>=8', 'pytest-xdist>=3.6', 'ruff==0.17.6', 'mypy==2.4.1', 'build>=1.2'),
            *('accelerate>=1.15', 'lightning>=2.6', 'playwright>=1.50', 'httpx2>=2'),
        ],
        'search': ['faiss-cpu>=1.9'],  # the IVF index of cmvl_mm/evaluation/search.py
        'web': ['starlette>=1', 'uvicorn>=0.54', 'jinja2>=3.1', 'pyarrow>=20'],
        'bench': ['motion-vector-extractor>=2', 'torchcodec', 'faiss-cpu>=1.9'],
    },
    classifiers=[
        'Programming Language :: Python :: 3.11',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
