"""What `params.yaml` may say: the schema's file, and the settings of a training phase from their signatures."""

import json
from functools import cache
from typing import Any

from resolute.core.layout import project_root
from resolute.methods.plan import phase_schema


@cache
def params_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of `params.yaml`."""
    schema: dict[str, Any] = json.loads((project_root() / "workflow/schemas/params.schema.json").read_text("utf-8"))
    phase = phase_schema()
    settings = phase["properties"]
    train, recipe = schema["properties"]["train"], schema["$defs"]["recipe"]
    train["properties"] = {**settings, **train["properties"]}
    train["required"] = [*settings, *train["required"]]
    recipe["properties"] = {**settings, **recipe["properties"]}
    schema["$defs"]["phase"] = phase
    return schema
