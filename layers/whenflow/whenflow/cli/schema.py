"""`whenflow automation schema` and `whenflow deployment schema`: the JSON Schemas of the files, for editors."""

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


def project_schema(*, options: Options = DEFAULTS) -> None:
    """Write the JSON Schema of whenflow.yaml: deployments, and automations and variables beside them.

    Editors then know every field: # yaml-language-server: $schema=whenflow.schema.json

    Args:
        options: Common to all commands; the answer is JSON in any case.
    """
    from whenflow.flows import schema as of_files

    del options
    print_json(of_files.project_schema())
