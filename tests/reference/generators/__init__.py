"""Random cases in the format of the conformance cases, a module for each set. What is expected the engine says."""
