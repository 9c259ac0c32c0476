"""Test a checkpoint: classification with 10 clips, retrieval, linear probe or nearest neighbours.

python tools/test.py configs/finetune_c3d_ucf.py work_dirs/finetune_c3d_ucf/epoch_120.pth
python tools/test.py configs/finetune_c3d_ucf.py work_dirs/finetune_c3d_ucf_split2/epoch_120.pth --split 2
python tools/test.py configs/retrieval_c3d_ucf.py work_dirs/pretrain_c3d_ucf/epoch_120.pth --dump-features f.npz
python tools/test.py configs/demo/retrieval.py NAME     # of model_zoo.md
"""

import argparse

from cmvl_mm.engine.launch import add_common_arguments, config_from, end
from cmvl_mm.engine.strict_files import read_files_as_data
from cmvl_mm.evaluation.prediction_dump import SUFFIXES
from cmvl_mm.workflows.run_test import run_test


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description='Test a checkpoint with a config file.')
    add_common_arguments(parser)
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='a file, a work directory, a name of model_zoo.md, https://…#sha256=… or hf://owner/repo/file#sha256=…; '
        "default: the one in the config's model.init_cfg; with model.init_cfg=None, random weights",
    )
    parser.add_argument(
        '--dump-features', metavar='FILE.npz', help='write features, labels, is_query, paths and scores'
    )
    parser.add_argument(
        '--dump', metavar='FILE.pkl', help="write predictions for MMAction2's tools/analysis_tools, as its test.py does"
    )
    parser.add_argument('--seed', type=int, help='seed of random weights')
    parser.add_argument('--sha256', metavar='HEX', help='full SHA-256 of the checkpoint; another file is refused')
    args = parser.parse_args()
    if args.sha256 is not None and args.checkpoint is None:
        parser.error('--sha256 needs a checkpoint')
    if args.dump is not None and not args.dump.endswith(SUFFIXES):
        parser.error(f'--dump {args.dump}: the file name must end in {" or ".join(SUFFIXES)}')
    return args


def main() -> None:
    args = parse_args()
    read_files_as_data()
    config = config_from(args)
    run_test(
        config,
        args.checkpoint,
        sha256=args.sha256,
        seed=args.seed,
        dump_features=args.dump_features,
        dump=args.dump,
    )
    end(config)


if __name__ == '__main__':
    main()
