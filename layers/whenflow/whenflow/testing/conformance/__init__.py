"""Runs conformance cases: `python -m whenflow.testing.conformance DIR`.

Any directory of case files in the documented format will do. Each set has a module; nothing here knows a particular
case.
"""
