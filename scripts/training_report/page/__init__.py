"""The page: templates, style and script in one HTML file."""

from scripts.training_report.page.write import build_page

__all__ = ["build_page"]
