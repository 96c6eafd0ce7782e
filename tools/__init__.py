"""Commands that are neither the product nor its tests: benchmarks, the kill test, comparisons, mutation, cost.

They may import every other folder. Nothing but tests and examples imports them.
"""
