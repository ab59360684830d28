"""Random cases in the format of the conformance cases, a module for each set; `expect` is what is asked of the engine."""
