"""Mean and sample standard deviation of every test figure over runs: splits, or seeds.

python tools/mean_over_runs.py work_dirs/finetune_c3d_ucf_split1 work_dirs/finetune_c3d_ucf_split2 \\
    work_dirs/finetune_c3d_ucf_split3

It reads the newest test of tools/test.py in each work directory.
"""

import argparse

from cmvl_mm.engine.logs import read_test
from cmvl_mm.evaluation.runs import spread
from cmvl_mm.evaluation.tables import text_table


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('work_dirs', nargs='+', metavar='WORK_DIR', help='--work-dir of one tools/test.py each')
    return parser.parse_args()


def main() -> None:
    work_dirs = parse_args().work_dirs
    figures = spread([read_test(work_dir) for work_dir in work_dirs])
    for number, work_dir in enumerate(work_dirs, start=1):
        print(f'run {number}: {work_dir}')
    rows = [['', *(f'run {number}' for number in range(1, len(work_dirs) + 1)), 'mean', 'sd']]
    for name, figure in figures.items():
        rows.append([name, *(f'{value:.4f}' for value in (*figure.values, figure.mean, figure.deviation))])
    print(f'\n{text_table(rows)}')


if __name__ == '__main__':
    main()
