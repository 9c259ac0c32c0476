"""Re-encode videos for training: the command `cmvl prepare`, from a checkout.

python tools/prepare_videos.py videos/ prepared/ --workers 8
python tools/prepare_videos.py --help
"""

import sys

from cmvl_mm.cli.main import main as cmvl


def main() -> None:
    cmvl(['prepare', *sys.argv[1:]], prog_name='cmvl')


if __name__ == '__main__':
    main()
