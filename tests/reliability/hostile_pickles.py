"""Pickles that run a command when they are loaded, one for each way that pickle offers.

Written opcode by opcode, since Python's own pickler uses few of them. `pickletools.dis` prints what they do.
"""

from pathlib import Path

PROTOCOL = b'\x80\x02'  # the one that torch's restricted unpickler expects: it must refuse what follows, not the number
CALL, STOP = b'R', b'.'


def name(module: str, attribute: str) -> bytes:
    """GLOBAL: push a module's attribute."""
    return f'c{module}\n{attribute}\n'.encode()


def text(value: str | Path) -> bytes:
    """BINUNICODE: push a string."""
    encoded = str(value).encode()
    return b'X' + len(encoded).to_bytes(4, 'little') + encoded


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE: push function(*arguments)."""
    return function + b'(' + b''.join(arguments) + b't' + CALL


def attribute(owner: bytes, word: str) -> bytes:
    """getattr(owner, word)."""
    return call(name('builtins', 'getattr'), owner, text(word))


def payloads(canary: Path, folder: Path) -> dict[str, bytes]:
    """Pickles, each of which makes the file `canary` when Python's own unpickler reads it.

    Args:
        canary: must not exist yet.
        folder: for the files that some of them make another loader open; without spaces or quotes in its name.
    """
    command = f'touch {canary}'
    system, argument = name('posix', 'system'), text(command)
    source = f'__import__("os").system("{command}")'
    module = call(name('builtins', '__import__'), text('os'))
    history = name('mmengine.logging.history_buffer', 'HistoryBuffer')
    namespace = attribute(attribute(history, 'mean'), '__globals__')
    builtins = call(attribute(namespace, '__getitem__'), text('__builtins__'))
    map_of_system = name('builtins', 'map') + system + b']' + argument + b'a' + b'\x86'  # map and (system, [command])
    partial = call(name('functools', 'partial'), name('builtins', 'len'))
    state = b'(' + system + argument + b'\x85' + b'}}t'  # (system, (command,), {}, {})
    inner = folder / 'inner.pkl'
    inner.write_bytes(call(system, argument) + STOP)
    script = folder / 'script.py'
    script.write_text(source)
    bodies = {
        'GLOBAL and REDUCE, os.system': call(name('os', 'system'), argument),
        'GLOBAL and REDUCE, posix.system': call(system, argument),
        'STACK_GLOBAL': text('posix') + text('system') + b'\x93' + argument + b'\x85' + CALL,
        'INST': b'(' + argument + b'iposix\nsystem\n',
        'OBJ': b'(' + system + argument + b'o',
        'NEWOBJ': name('builtins', 'tuple') + map_of_system + b'\x81' + b'\x85' + b'\x81',
        'NEWOBJ_EX': name('builtins', 'tuple') + map_of_system + b'}\x92' + b'\x85' + b'}\x92',
        'BUILD': partial + state + b'b' + b')' + CALL,
        'memoised function': system + b'q\x00' + b'h\x00' + argument + b'\x85' + CALL,
        'subprocess.call': call(name('subprocess', 'call'), b'(' + text('touch') + text(canary) + b'l'),
        'builtins.eval': call(name('builtins', 'eval'), text(source)),
        'builtins.exec': call(name('builtins', 'exec'), text(source)),
        "Python 2's __builtin__.eval": call(name('__builtin__', 'eval'), text(source)),
        'getattr of an import': call(attribute(module, 'system'), argument),
        'getattr into the globals of an allowed class': call(
            call(attribute(builtins, '__getitem__'), text('eval')), text(source)
        ),
        'a second pickle': call(name('_pickle', 'loads'), call(name('_codecs', 'encode'), text(inner.read_text()))),
        'torch.load': call(
            name('torch.serialization', 'load'), text(inner), b'N', call(name('builtins', '__import__'), text('pickle'))
        ),
        'numpy.load': call(name('numpy', 'load'), text(inner), b'N', b'\x88'),
        'runpy.run_path': call(name('runpy', 'run_path'), text(script)),
        'a dict whose value is a call': b'}' + text('state_dict') + call(system, argument) + b's',
    }
    return {title: PROTOCOL + body + STOP for title, body in bodies.items()}
