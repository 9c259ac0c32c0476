"""`python -m cmvl_mm` is the command `cmvl`."""

from cmvl_mm.cli.main import main

if __name__ == '__main__':
    main(prog_name='cmvl')
