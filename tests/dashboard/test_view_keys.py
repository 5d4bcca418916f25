"""Every key of the view state is declared in one file, under a name of its own in the address."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import dashboard

DECLARED = re.compile(r'view\.declare\(\s*"(\w+)",(.*?)\);', re.DOTALL)


def test_no_two_keys_share_a_name() -> None:
    files, names = defaultdict(set), defaultdict(set)
    for path in (Path(dashboard.__file__).parent / "components").glob("*.js"):
        for key, rest in DECLARED.findall(path.read_text(encoding="utf-8")):
            param = re.search(r'\bparam: "([^"]+)"', rest)
            files[key].add(path.name)
            names[param.group(1) if param else key].add(key)
    assert len(names) > 40
    assert {key: sorted(found) for key, found in files.items() if len(found) > 1} == {}
    assert {name: sorted(keys) for name, keys in names.items() if len(keys) > 1} == {}
