"""Options as they are typed, and their checks: names, paths, types, ranges."""

from scripts.options.command_line import check_command_line
from scripts.options.rules import check_options
from scripts.options.values import require_device, require_package

__all__ = ["check_command_line", "check_options", "require_device", "require_package"]
