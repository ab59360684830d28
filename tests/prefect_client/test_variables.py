"""`prefect variable …`."""

from tests.prefect_client.conftest import Prefect


def test_set_get_ls_inspect_overwrite_unset(prefect: Prefect, name: str) -> None:
    name = name.replace("-", "_")

    assert "Set variable" in prefect("variable", "set", name, "v1").output
    assert prefect("variable", "get", name).output.strip() in ("v1", '"v1"')
    assert "already exists" in prefect("variable", "set", name, "v2", code=1).output
    prefect("variable", "set", name, '{"a": 1}', "--overwrite", "--tag", "t")
    assert prefect("variable", "get", name).document == {"a": 1}
    assert name in prefect("variable", "ls").output
    assert name in prefect("variable", "inspect", name).output
    prefect("variable", "unset", name)
    assert "not found" in prefect("variable", "get", name, code=1).output


def test_a_variable_of_a_program(prefect: Prefect, name: str) -> None:
    name = name.replace("-", "_")

    said = prefect.python(
        f"""
from prefect.variables import Variable
Variable.set("{name}", {{"deep": [1, 2]}})
print(Variable.get("{name}"), Variable.get("no_such_{name}", default="none"))
Variable.set("{name}", 7, overwrite=True)
print(Variable.get("{name}"), Variable.unset("{name}"), Variable.unset("{name}"))
"""
    )

    assert said.output.strip().splitlines()[-2:] == ["{'deep': [1, 2]} none", "7 True False"]
