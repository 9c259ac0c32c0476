"""Import every module of the installed package: a file that the wheel forgot shows here, not at the user's."""

import importlib
import pkgutil

import cmvl_mm


def main() -> None:
    names = [module.name for module in pkgutil.walk_packages(cmvl_mm.__path__, 'cmvl_mm.')]
    for name in names:
        importlib.import_module(name)
    print(f'{len(names)} modules of {cmvl_mm.__path__[0]} import.')


if __name__ == '__main__':
    main()
