"""The parts of the fuzzer: what it draws, what it computes anew, what it asserts."""
