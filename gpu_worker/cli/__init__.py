"""The command line: arguments, commands, progress bar. Nothing heavy is imported before a command runs."""
