"""A config's text is yapf's, and yapf formats it once."""

from mmengine.config import Config, config
from yapf.yapflib.yapf_api import FormatCode

import cmvl_mm.register  # noqa: F401
from cmvl_mm.engine.config_text import KEPT, remembering


def test_a_text_is_formatted_once_and_is_what_yapf_makes_of_it(monkeypatch):
    calls = []

    def counted(text, **how):
        calls.append(text)
        return FormatCode(text, **how)

    assert config.FormatCode.__wrapped__ is FormatCode  # `cmvl_mm.register` has seen to it
    chosen = Config(dict(model=dict(type='Network', width=[4] * 40)))
    monkeypatch.setattr(config, 'FormatCode', FormatCode)
    expected = chosen.pretty_text
    monkeypatch.setattr(config, 'FormatCode', remembering(counted))
    assert [chosen.pretty_text for _ in range(3)] == [expected] * 3
    assert len(calls) == 1
    for width in range(KEPT):
        chosen.model.width = width
        assert f'width={width}' in chosen.pretty_text
    assert len(calls) == 1 + KEPT
    chosen.model.width = [4] * 40
    assert chosen.pretty_text == expected  # forgotten, and formatted again
    assert len(calls) == 2 + KEPT
