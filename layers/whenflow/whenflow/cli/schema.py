"""`whenflow automation schema`: the JSON Schema of the files, for editors."""

from whenflow.cli.options import DEFAULTS, Options
from whenflow.cli.render import print_json


def schema(*, options: Options = DEFAULTS) -> None:
    """Write the JSON Schema of files with automations.

    Editors then know every field: # yaml-language-server: $schema=automations.schema.json

    Args:
        options: Common to all commands; the answer is JSON in any case.
    """
    from whenflow.automations.schema import file_schema

    del options
    print_json(file_schema())
