"""What holds for the process of a load: Ctrl-C and SIGTERM, progress lines, several threads behind one iterator.

Others use `interrupts.watch` and `body` in commands, `progress.speak`, and `parallel.produce`.
"""
