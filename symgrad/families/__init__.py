"""The closed set of families of operations: what each computes, its shape rule and its derivative rules."""
